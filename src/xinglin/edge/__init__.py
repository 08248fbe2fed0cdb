"""The front machine at an institution: reads its database or files, buffers on disk, sends to the platform's doors.

One process (``xinglin edge``) without a PostgreSQL of its own.
"""

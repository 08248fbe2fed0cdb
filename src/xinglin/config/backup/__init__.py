"""Backup and restore of the whole platform: its database to any second, and its keys.

A *repository* is a directory, best on another machine's disk. It holds *bases* (copies of the database's files) and the
*write-ahead log* since, all compressed and sealed with a key that is not in it. ``basing`` takes a base, ``following``
carries the log over as it is written, ``restoring`` makes a database of both as it was at a moment, ``drill`` does
that for trial. Start reading at ``repository``.
"""

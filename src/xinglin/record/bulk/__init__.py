"""Much at once: loading files, importing and exporting NDJSON.

A *source* (``sources``) is a file or the standard input; it consists of *items*, the lines of NDJSON or the
entries of a bundle. ``meaning`` says what an item asks of the record. A *stretch* of items is stored in one
transaction together with the note that it has been (``storing``, ``progress``), so that a load which was
killed goes on without doubling. ``loading`` spreads stretches over processes; ``export`` writes files.
"""

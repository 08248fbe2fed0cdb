"""Data sets as tables: what the standards of data sets ask for, filled in as CSV or Excel and sent as files.

A *set* (``sets``) is a list of columns, each a data element with its format and code table; its *blank* (``blanks``) is
the file to fill in. A file is read row by row (``files``), its headings matched to the set's columns (``headings``),
each cell checked (``checking``); what is good goes through the door in *batches* (``intake``), a bad row alone to
quarantine. ``handler`` makes FHIR of a batch by the set's mapping. Files come by the page (``views``), from a watched
folder (``watching``), or through the door itself.

Start reading at ``sets``, then ``intake``.
"""

"""Words and codes: what the names and terms in records mean and how they are read.

* ``values``: a code system, value set or map as it is read and kept; ``hierarchy`` who stands above whom.
* ``rules``: what it must be like; ``actions`` keep, replace and drop it, on the connection that is given.
* ``shipped`` loads what comes with the platform (``content/``), ``files`` what people send, ``packages`` FHIR packages;
  ``sheets`` reads CSV and Excel, ``resources`` FHIR, and writes it.
* ``spelling``: the keys under which a term is found; ``terms.toml`` is its reviewed list. ``searching`` finds by them.
* ``queries``: which version is in force, a concept, what is above and below it; ``memory`` what a process remembers.
* ``expansion`` works out value sets by the filters of ``composing``; ``listing`` shows their members.
* ``checking`` judges codes, ``translating`` maps them, ``closing`` keeps closure tables, ``comparing`` tells versions
  apart, ``picking`` reads a code field of a form.
* ``pinyin``: the Latin spellings under which a person's name is looked up; ``readings.toml`` is its data.

The package has its own tables and knows nothing of the record, which lies above it.
"""

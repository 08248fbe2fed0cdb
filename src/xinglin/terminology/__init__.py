"""Words and codes: what the names and terms in records mean and how they are read.

* ``pinyin``: the Latin spellings under which a Chinese name is looked up; ``readings.toml`` is its data.
"""

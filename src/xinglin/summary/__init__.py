"""The International Patient Summary (IPS): what of a record a stranger needs, as one FHIR document.

``choosing`` picks the entries of each section (pure), ``building`` makes the sections and the document Bundle (pure),
``queries`` asks the record, ``printing`` draws it on paper. Which sections there are, and how far back each looks, is
``data/ips-1.toml``.

Start reading at ``choosing``. https://hl7.org/fhir/uv/ips/STU2/
"""

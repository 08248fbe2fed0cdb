"""The desk for terms and codes: browsing code systems, and mapping an institution's codes to the standard.

The tables are those of ``terminology``; here they meet the record and the people. ``handlers`` keeps them in step with
CodeSystem, ValueSet and ConceptMap resources in the transaction of the write, ``actions.catch_up`` with what was
written before; ``membership`` judges required bindings for validation. ``queries`` and ``views`` are the pages,
``exports`` what is taken away, ``loading`` the two steps by which a steward loads a file.
"""

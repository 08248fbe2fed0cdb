"""Mappings: how what an institution sends becomes FHIR, as data.

A *mapping* is a TOML file: which *resources* come of a message, and for each element an *expression* over the places
of the message. One *dialect* for each door says how places are written there. ``language.read`` checks a file against
the definitions of FHIR and compiles it to closures; ``Mapping.run`` makes resources of a message. All that is pure:
``language``, ``compiling``, ``targets``, ``functions``, ``syntax``, ``toml_places``, ``dialects``.

Institutions have *versions* of their own (``rules``, ``queries``, ``actions``), each tested by the institution's own
*samples* before it takes effect; the *bench* (``views``) is where they are written and tried.

Start reading at ``language``.
"""

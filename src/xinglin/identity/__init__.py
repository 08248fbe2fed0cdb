"""Who is who: the master person index.

Each institution's Patient stays as it was sent; a *link* joins it to a *person*. Links are the result of
append-only *events* and never touch a clinical row.

The matcher is pure: ``traits`` reads what of a Patient tells who it is (with ``identifiers``, ``names``, ``births``,
``contacts``), ``blocking`` gives the keys under which the like of it are looked for, ``scoring`` compares two Patients
by the ``weights`` and the ``frequencies`` of values, ``rules`` decide: join a person, ask people, or a new person.
Start reading at ``scoring``.
"""

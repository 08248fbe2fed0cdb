"""Who is who: the master person index.

Each institution's Patient stays as it was sent; a *link* joins it to a *person*. Links are the result of
append-only *events* and never touch a clinical row.

The matcher is pure: ``traits`` reads what of a Patient tells who it is (with ``identifiers``, ``names``, ``births``,
``contacts``), ``blocking`` gives the keys under which the like of it are looked for, ``scoring`` compares two Patients
by the ``weights`` and the ``frequencies`` of values, ``rules`` decide: join a person, ask people, or a new person.
Start reading at ``scoring``.

The index is tables and what keeps them: ``handlers`` follows the record's writes, ``arrivals`` reads what is written,
``matching`` looks and decides, ``settling`` writes it down, all through ``store``. ``events`` says what can happen to
links and folds it to a state; ``actions`` is what people do (merge, unmerge, split, must-link, and the reviews of
``stewardship`` and ``reviewing``), ``queries`` what can be asked, ``finding`` who might be meant. ``golden`` shows a
person by the rules of ``survivorship``; ``clusters`` finds persons that contradict themselves; ``notices`` and
``tasks`` tell subscribers; ``rebuild`` matches everything anew. Start reading at ``events``, then ``matching``.

``population`` is the register of who lives where, with its own map. The pages lie in ``views``: ``comparing`` lays
persons side by side for them, ``evidence`` says why links are what they are, ``figures`` and ``auditing`` what stewards
want to know; ``roles`` who may.
"""

"""The pages under ``/persons/``.

``overview``, ``reviews``, ``finding``, ``persons`` and ``linking`` are about who is who; ``register``, ``households``
and ``archives`` about the population. ``columns`` and ``values`` put together what is shown of persons, ``words`` has
the codes in the reader's language, ``frame`` what every page has: tabs, rights, access entries, one transaction an act.
"""

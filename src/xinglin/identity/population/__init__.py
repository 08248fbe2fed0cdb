"""The whole-population register (全员人口): who lives where, with whom, and who keeps their health archive.

Nouns: a *division* is an administrative area of twelve digits; a *count* is how many people an office counts in one; a
*resident* is a person of the index as the register shows them; a *residence* is where they lived and since when; a
*household* has *members* with their relation to its head (GB/T 4761); an *archive* (居民健康档案) has a number of
seventeen digits, a keeper and a state.

The register follows the record: ``refreshing`` reads what the institutions' Patients say and fills it; what people
state is never overwritten by it. Everything that people do leaves an event that is only ever added to.

Verbs: ``archives.file``, ``change``, ``move``, ``close``, ``reopen``, ``merge``; ``households.form``, ``join``,
``leave``, ``relate``, ``confirm``; ``residents.move``; ``counts.load``. Start reading at ``rules``.
"""

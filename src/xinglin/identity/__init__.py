"""Who is who: the master person index.

Each institution's Patient stays as it was sent; a *link* joins it to a *person*. Links are the result of
append-only *events* and never touch a clinical row.
"""

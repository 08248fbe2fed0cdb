"""The resident's health card: issued to a person, shown as a short-lived code, verified at a counter.

A *card* is virtual or physical and belongs to a person of the index; ``rules.NEXT`` says which of its states may
follow which, and the database keeps that nobody has two living ones of a kind. Its *number* is a keyed digest, never
the identity number. What the holder shows is a *code*: a signed token of a minute, or the number itself where it is
printed. Verifying a code is a *use*; every use and every refused one is a line that nobody can alter. A *binding* lets
a parent or carer show somebody else's card, for a time, on evidence.

Start reading at ``rules``, then ``actions`` (issue, freeze, replace, cancel), ``verifying`` (the counter), ``codes``.
Who is who is asked of ``identity.queries``; ``holders`` reads what somebody is called through the record's door.
What is a table (reasons, relations, what a counter is told) stands in ``data`` with its source and date.
"""

"""Residents: how they sign in, for whom they act, and the pages on which they see their own record.

A *registration* binds an account to a person of the index, by one of the person's Patients; it says how the name was
verified and when. Signing in is by phone (``codes``, sent by ``gateway``), by the health card, or at a kiosk that a
clerk opens (``kiosks``). An *authority* lets an account act for another person: a guardian or who holds a mandate, on
evidence, approved at a desk, until it ends or is withdrawn. Whom somebody acts for (``acting``) makes the actor of
every look: the record's policy opens to it what a relation of the kind ``own``, ``guardian`` or ``mandate`` opens.
``keeping`` keeps residents out of all pages but theirs.

Beside the record itself: ``explaining`` says results in plain words; ``reminders`` of medicines make *doses*;
``measuring`` and ``measurements`` are what residents measure, ``scoring`` self-tests by points; a *share* (``shares``)
shows a record to somebody for a while; ``letters`` are messages. Start reading at ``rules``, then ``actions``,
``authorities`` and ``acting``.
"""

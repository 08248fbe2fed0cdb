"""A clinic's day: registration and queue, record of the visit, prescription, till, pharmacy, treatment room, stock.

For institutions that have no system of their own. A *visit* has a number of its day and waits until it is *called*.
The doctor writes a *note* (four examinations, disease and syndrome, principle and method) and *prescriptions*, whose
way from draft to issue is ``rules.PRESCRIPTION``; every step has a signature. What is done or given becomes a
*charge*; charges are settled by *payments*, which are refunded and never deleted, and *closes* add up a day's.
Herbs lie in *batches*; every *movement* of one is a line, and the database adds them up. A *plan* is a course of
treatment (needles, tuina, cups, moxa) with *sessions*, each signed. Everything belongs to one institution: the key of
every table begins with it.

Working state lies in tables of this package; what lasts is written to the record in the same transaction, when the
note is signed, when a prescription is signed and issued, and when a session is done (``resources``).

Start reading at ``rules``, then ``actions``. Chinese medicine is asked through ``asking`` alone.
"""

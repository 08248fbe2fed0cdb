"""The region's institutions as senders: what happens there from day to day, in each one's own language, on the wire.

Nouns: a *station* (``stations``) is an institution as a sender: its door, its way there, its charset, how careful it
is. An *outing* (``outings``) is what brings a resident to an institution, in FHIR as the institution knows it; a
*message* (``messages``) is what is sent of it, by the makers ``pipes`` (HL7 v2), ``papers`` (shared documents),
``sheets`` (tables) and ``bundles`` (FHIR), and perhaps with a *mistake* (``mistakes``). A *course* (``courses``) says
when each outing takes place; a *line* (``lines``) leads to a door; the *log* (``logs``) is what was acknowledged.

Verbs: ``registering.register`` makes the stations known to a platform, ``running.send`` sends. Everything but the
time follows from the seed. Start reading at ``outings``.
"""

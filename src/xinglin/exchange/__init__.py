"""The doors through which institutions send, and what happens to a message behind each of them.

Every *door* (``doors.Door``) does the same: it authenticates the *sender*, takes the raw message into *custody*
(compressed, kept under its digest) and gives a *receipt*, maps the message to FHIR by a *mapping* (data, not code)
and writes what came of it through the record. What cannot be used goes to *quarantine* with its reasons, and can be
put right and *replayed*. Repeats change nothing; messages about one patient are worked in their order.

Start reading at ``custody``, then ``processing``.
"""

"""The audit: who looked at whose record, and whether it was right to.

A *line* is one row of the access log (``record.access``): who, whose, what, when, why, from where, permitted or
refused. Writes become lines too (``writing``). Lines are searched (``queries``), shown as FHIR AuditEvents
(``resources``, ``searching``), and kept as long as the policy says (``retention``). A *rule* says what use is
abnormal; rules are data. The *search for abnormal use* (``finding``) goes through new lines every few minutes and
opens *alerts*, which rest on lines. An alert is open, explained or confirmed; a resident's complaint is one too.

Start reading at ``rules``, then ``finding`` and ``queries``.
"""

"""Reminders (智能提醒): what a doctor is told at the moment when it still changes something.

A *chart* (``chart``) is what is known of a person, sorted once by what rules ask for. At a *hook* (a record is opened,
an order selected or signed, an encounter begins or ends) the *rules* of ``data/rules.toml`` are asked of the chart,
with what is drafted; each *finding* becomes a *card* of CDS Hooks 2.0. A rule is data; what data cannot say is one
function of ``checks`` for each kind. What is known of medicines, limits, diseases and programmes are tables in
``data`` (``knowledge``). Only a critical card interrupts. Every firing, acceptance and override is counted for the rule
and its version, without saying whom it was about; a rule is live only after it was tried on the last month's
encounters (``bench``).

Two faces ask: ``interface`` for other systems (https://cds-hooks.hl7.org/2.0/), and the pages of our own by
``actions.cards_for``. Start reading at ``values``, then ``rulebook``, ``chart`` and ``firing``.
"""

"""The mapping workbench: an institution's own codes beside the standard's, matched by people.

A **book** holds the codes of one institution for one purpose (laboratory tests, diagnoses …) and the standard
system that they are mapped to. Each **line** is a local code with its name, its unit, how often it was sent, its
ranked candidates and what was decided: mapped, no match, later, or open. Decisions are **events** that can be undone.
Publishing writes the decided lines to the record as a new version of the book's ConceptMap, which ``$translate`` uses.

* ``folding``, ``units``: what a name and a unit come down to; ``words.toml`` is their list of words.
* ``ranking``: candidates with the reasons for their score. Pure; ``targets`` feeds it from the terminology's tables.
* ``rules``: states, doubts, who may do what. ``reading`` reads an uploaded table, ``collecting`` the record itself.
* ``queries`` and ``actions``: what can be asked and done; ``resources`` the ConceptMap and its differences.

Start reading at ``rules``, then ``ranking``.
"""

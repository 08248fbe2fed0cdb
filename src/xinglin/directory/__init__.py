"""What is where: institutions, departments, practitioners, places, and the tree of administrative divisions.

The facts are FHIR resources in the record: Organization, Location, Practitioner, PractitionerRole, HealthcareService,
Device, OrganizationAffiliation. Working *entries* follow them in the transaction of the write (``handlers``) for what
the record's own search cannot do fast: a code's bearer, a name by initials, the dated tree.

A *kind* (``kinds``) is a table of columns: the same columns are read from files, written to files and edited in
forms. A *division* has *phases* (a name and a parent from one day to before another) and *successors*.

Start reading at ``rules.divisions`` and ``kinds.plan``, then ``handlers`` (from resources to entries), ``actions``
(what an editor does) and ``importing`` (files).
"""

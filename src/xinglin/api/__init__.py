"""The face for machines: FHIR R4's REST API at ``/fhir``, a bare WSGI callable.

A request finds its place in the table of ``routes``, is authenticated, carried out through the record's door,
and answered. Start at ``face``; ``routes`` says what there is, ``interactions`` and ``operations`` do it,
``headers`` and ``bodies`` read what comes, ``answers``, ``bundles`` and ``outcomes`` write what goes, and
``capability`` tells clients. https://hl7.org/fhir/R4/http.html
"""

"""The language of FHIR R4, as a pure library: no database, no web, nothing of this platform but its errors.

A *resource* here is what JSON makes of it, a ``dict``; nothing wraps it.

* ``definitions``: which types, elements, search parameters, compartments and codes R4 has. Start reading here.
* ``json``: bytes to values and back without losing a digit of a decimal.
* ``validation``: what is wrong with a resource. ``narrative``: which XHTML may be shown to people.
* ``references``, ``dates``: what the text of a reference or date means. ``reading``: concepts and dates in words.
* ``path``: FHIRPath, one tree and an evaluator.
* ``index``: every search parameter compiled to a quick extractor of index entries.
* ``patch``: JSON Patch and FHIRPath Patch.
* ``outcome``: issues as an OperationOutcome.
"""

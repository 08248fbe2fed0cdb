"""What a resource is found by: the entries of the search index, made from it and asked for.

A search parameter of a type is a set of **branches**: the alternatives of its FHIRPath that are of that type,
each under a canonical path (``Observation.subject``, ``Observation.value:Quantity``,
``Patient.telecom.where(system = 'email')``). ``.where(resolve() is Patient)`` is no part of the path but
the branch's ``restricted``. Entries are filed by path, so a value shared by several parameters is filed once.
A resource's ``Entries`` are

* ``tokens``: distinct signed 64-bit hashes (``keys``), for equality of any kind:

  ================  ==========================================================================
  value             tokens
  ================  ==========================================================================
  Coding            ``token_hash`` (system "" if none), ``code_hash``, ``system_hash`` if any
  CodeableConcept   those of its codings
  Identifier        the same of system and value; ``of_type_hash`` per coding of its type
  ContactPoint      ``token_hash`` of its system (phone, email …) and value, ``code_hash``
  code, boolean, …  ``code_hash`` (the system of a code is implied by its binding)
  Reference         ``reference_hash`` if local, without version; else ``uri_hash``; its identifier
                    as an Identifier under path + ``:identifier``
  canonical         ``uri_hash`` with and without ``|version``; ``reference_hash`` too if relative
  uri               ``uri_hash``, and ``below_hash`` of each of its ``ancestors``
  string            ``exact_hash`` of the original, ``gram_hash`` of each pair of characters,
                    ``long_hash`` if pairs are left out
  quantity          ``token_hash`` of its system and code (a Money's system is urn:iso:std:iso:4217)
  anything          ``presence_hash``; of a ``required`` branch ``absence_hash`` in its stead; where a
                    parameter restricts the branch, also ``presence_hash(path, type)`` of what is referred to
  ================  ==========================================================================

* ``ranges``: ``(key, unit, lo, hi)``. Dates: microseconds since 1970, ``hi`` exclusive, unit 0, an open end
  infinite; numbers: lo = hi, unit 0; quantities: lo = hi = value, or open towards its comparator, one row
  with the unit of the code and one with that of the unit's text where this differs (0 if neither); a Range
  from low to high. A position: its degrees under path + ``:lat`` and path + ``:lon``.

* ``strings``: ``(key, normalised text)``. A HumanName or Address gives each part and the joined text, a
  Chinese name also what ``name_keys`` makes of it; path + ``:text`` has the texts of tokens
  (CodeableConcept.text, Coding.display, Identifier.type.text), which are few and recur: ``text_keys`` tells
  their rows, so that a store can keep each text once.

* ``date``: where the type's main date begins (microseconds), and ``patient``: the ``self_number`` of the
  patient in whose compartment the resource is, 0 if in none; ``others``: those of further patients.

**Composites.** One whose base is the resource itself (``code-value-quantity``) needs no entries: its parts
are conditions on branches of the resource. Any other is filed element by element under its own path
(``Observation.component$code$value:Quantity``). The components that are tokens, references or URIs give
*parts*: their hashes under their own path (``Observation.component.code``). If there are no other
components, each combination of parts gives a ``composite_hash``. Else each combination (without
``system_hash``) gives, for every other component, rows of ``ranges`` or ``strings`` under ``composite_key``;
with more than one other component the ``n``-th of them has the path + ``#n`` and the rows' unit is the
number of the element, so that rows of one element can be told.
"""

from xinglin.fhir.index.backward import reference_seeds
from xinglin.fhir.index.branches import Branch, Composite, branches, composites
from xinglin.fhir.index.extract import Entries, extractor, hash_with, main_date, text_keys
from xinglin.fhir.index.values import comparable

__all__ = [
    "Branch",
    "Composite",
    "Entries",
    "branches",
    "comparable",
    "composites",
    "extractor",
    "hash_with",
    "main_date",
    "reference_seeds",
    "text_keys",
]

"""Shared documents: the 53 of WS/T 500 from hospital records and the 20 of WS/T 483 from health files, as CDA.

A *document* (``documents.Document``) has a header and *sections*; a section has *statements*, each a *data element*
with its value. ``kinds`` are the 73 kinds with their templates, which are data. ``reading`` makes a document of XML and
trusts nothing in it, ``checking`` says what is wrong and what would be right, ``to_record`` makes resources of it
(``meanings`` those that its elements mean), ``from_record`` a document of resources, ``writing`` XML of that.
``composing`` makes documents of what the record holds of a visit. ``rendering`` shows any document to people,
``registry`` answers who asks for documents, ``envelopes`` speaks HL7 v3 with hospital systems.

Start reading at ``documents``, then ``handler``.
"""

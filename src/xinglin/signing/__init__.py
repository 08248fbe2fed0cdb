"""Signatures: who signed which version of a document, with which certificate, and whether it still holds.

An *authority* (X.509) vouches for *credentials*: a certificate of an account, with its key. A signature is a FHIR
Provenance in the record with a detached JWS over the canonical JSON of one version. Whether it holds has four
answers that are kept apart: the bytes are those that were signed, the certificate was good, it leads to a trusted
authority, and the document has not been changed since.

``canonical`` (RFC 8785), ``certificates``, ``authority``, ``trust`` and ``jws`` are pure. Start reading at ``jws``
and ``trust``, then ``actions.sign`` and ``verifying``. ``papers`` prints and signs PDF.
"""

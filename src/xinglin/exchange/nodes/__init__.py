"""Platforms beside platforms: a county, a city, a province, the nation (三级平台).

A *node* is another platform that this one knows by its *key*, compared by people by its fingerprint. What changes here
is *forwarded* to a node above by *subscription*: *records*, an *index* (under a keyed hash of the identity number:
somebody has a record here) or *aggregates*; in batches, each until its *receipt* is back. For a *visitor* this node
*asks* others: to an end, with the resident's consent, with a receipt on both sides; the *answer* is kept apart and
shown as foreign.

Start reading at ``rules``, then ``letters``, ``forwarding`` and ``asking``.
"""

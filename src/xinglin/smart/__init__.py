"""Other programs, let in by whoever they act for: OAuth 2, OpenID Connect and SMART App Launch 2.

An *app* is registered by an administrator. It asks at ``/oauth/authorize``; somebody who is signed in allows or
refuses, which makes a *grant* and a *code* that is worth it once; at ``/oauth/token`` the code becomes *tokens*. A
backend service has no user: it signs an *assertion* and is granted what it was registered for. A *launch* is an app
opened from a resident's record. What a grant leaves of the record is decided in ``record.policy.scopes``, nowhere
else. ``upstream`` is the other side: signing in with a region's own identity provider. So is ``launching``: the record
browser as an app of an institution's own system, an *EHR* (``ehrs``), each launch an *opening*.

Start reading at ``models`` and ``rules``, then ``asking`` and ``exchanging``.
https://hl7.org/fhir/smart-app-launch/STU2.2/
"""

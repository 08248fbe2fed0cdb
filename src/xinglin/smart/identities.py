"""Who somebody is, as apps are told: identity tokens, user info, and the entry of the record that stands for them.

https://openid.net/specs/openid-connect-core-1_0.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xinglin.accounts.queries import actor_of
from xinglin.kernel.actor import SYSTEM
from xinglin.record.door import open_as
from xinglin.smart import keys, queries
from xinglin.smart.rules import FHIR_USER, OPENID, PROFILE
from xinglin.smart.terms import terms

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from xinglin.accounts.models import Account
    from xinglin.smart.models import Code, Grant

_SYSTEM = "urn:xinglin:account"


def claims(account: Account, scopes: Collection[str], *, base: str) -> dict[str, Any]:
    """What the scopes let an app know of an account."""
    found: dict[str, Any] = {"sub": str(account.pk)}
    if FHIR_USER in scopes:
        found["fhirUser"] = f"{base}/fhir/{fhir_user(account)}"
    if PROFILE in scopes:
        found["name"] = account.display_name
        found["preferred_username"] = account.username
    return found


def fhir_user(account: Account) -> str:
    """``Patient/…`` of a resident; ``Person/…`` of anybody else, which is stored when it is first asked for."""
    own = [id_ for id_, purpose in queries.own_patients(actor_of(account)).items() if purpose == "PATRQT"]
    if own:
        return f"Patient/{own[0]}"
    id_ = f"account-{account.pk}"
    person: dict[str, Any] = {
        "resourceType": "Person", "id": id_, "active": True, "name": [{"text": account.display_name}],
        "identifier": [{"system": _SYSTEM, "value": str(account.pk)}],
    }  # fmt: skip
    open_as(SYSTEM).update(person)  # the same again makes no version
    return f"Person/{id_}"


def identity_token(*, grant: Grant, code: Code, account: Account, base: str, now: datetime) -> str | None:
    """The identity token for an app, if it was granted to know who this is."""
    scopes = grant.scope.split()
    if OPENID not in scopes:
        return None
    said = {
        "iss": base,
        "aud": grant.app.client_id,
        "iat": int(now.timestamp()),
        "exp": int((now + terms().access).timestamp()),
        **claims(account, scopes, base=base),
    }
    if code.nonce:
        said["nonce"] = code.nonce
    if code.signed_in is not None:
        said["auth_time"] = int(code.signed_in.timestamp())
    return keys.sign(said)

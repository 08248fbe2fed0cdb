"""What can be done: keep authorities, give and revoke credentials, sign. Inside the caller's transaction."""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.utils.translation import gettext_noop

from xinglin.crypto import signatures
from xinglin.crypto.algorithms import Algorithm
from xinglin.kernel import ids
from xinglin.kernel.errors import conflict, forbidden, invalid, not_found
from xinglin.ledger import actions as ledger
from xinglin.record.door import open_as
from xinglin.record.locks import Lock
from xinglin.signing import authority, certificates, jws, keys, queries, stamps, trust
from xinglin.signing.canonical import canonical_text

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from xinglin.kernel.actor import Actor
    from xinglin.record.database import Connection
    from xinglin.signing.certificates import Certificate
    from xinglin.signing.queries import Authority, Credential
    from xinglin.signing.stamps import Stamper

SIGNABLE = ("Composition", "DocumentReference", "QuestionnaireResponse", "DiagnosticReport")
ROLES = {"author": "1.2.840.10065.1.12.1.1", "reviewer": "1.2.840.10065.1.12.1.13"}
"""What somebody signs as, with the code of ASTM E1762 for it."""
_E1762 = "urn:iso-astm:E1762-95:2013"
_ENDS = {"author": "author", "reviewer": "verifier"}
_AGENTS = "http://terminology.hl7.org/CodeSystem/provenance-participant-type"


def begin_authority(connection: Connection, *, name: str, algorithm: Algorithm, now: datetime) -> int:
    """Make an authority for tests and demonstrations, trusted here; its number."""
    certificate, secret = authority.make_root(algorithm, name=name, now=now)
    sealed = keys.seal(certificate, certificates.to_pkcs8(algorithm, secret))
    return _keep_authority(connection, certificate, sealed, now)


def trust_authority(connection: Connection, *, certificate: Certificate, now: datetime) -> int:
    """Trust an authority from outside; its number."""
    if not certificate.is_authority or "key_cert_sign" not in certificate.usages:
        raise invalid(gettext_noop("This certificate is not that of an authority."))
    return _keep_authority(connection, certificate, "", now)


def _keep_authority(connection: Connection, certificate: Certificate, secret: str, now: datetime) -> int:
    row = connection.execute(
        "INSERT INTO signing_authority (name, certificate, secret, added) VALUES (%s, %s, %s, %s)"
        " ON CONFLICT DO NOTHING RETURNING id",
        [certificate.name, certificate.der, secret, now],
    ).fetchone()
    if row is None:
        raise conflict(gettext_noop("This authority is trusted already."))
    event = {"fingerprint": certificate.fingerprint, "name": certificate.name}
    ledger.enter(connection, kind="signing.authority", event=event, now=now)
    return int(row[0])


def _authority(connection: Connection, number: int) -> Authority:
    found = next((a for a in queries.authorities(connection) if a.id == number), None)
    if found is None:
        raise not_found(gettext_noop("There is no authority %(number)s."), number=number)
    return found


def begin_clock(connection: Connection, *, by: int, name: str, now: datetime) -> None:
    """Let one of our own authorities vouch for a stamping authority that is kept here, for tests and demonstrations."""
    above = _authority(connection, by)
    if not above.secret or above.certificate.algorithm is not Algorithm.ECDSA_P256:
        raise conflict(gettext_noop("A stamping authority needs an ECDSA authority that is kept here."))
    if any(one.secret for one in queries.clocks(connection)):
        raise conflict(gettext_noop("There is a stamping authority here already."))
    signer = keys.signer(above.certificate, above.secret)
    secret = signatures.make_secret(Algorithm.ECDSA_P256)
    made = authority.issue(
        above.certificate, signer, subject=(name, ""), key=signatures.signer(Algorithm.ECDSA_P256, secret),
        span=(now, above.certificate.ends), usages=frozenset({"digital_signature", authority.TIME_STAMPING}),
    )  # fmt: skip
    sealed = keys.seal(made, certificates.to_pkcs8(Algorithm.ECDSA_P256, secret))
    _keep_clock(connection, made.der, (name, by, sealed), now)


def trust_clock(connection: Connection, *, der: bytes, name: str, now: datetime) -> None:
    """Believe the time stamps of an authority from outside: its certificate, or that of the root above it."""
    _keep_clock(connection, der, (name, None, ""), now)


def _keep_clock(connection: Connection, der: bytes, said: tuple[str, int | None, str], now: datetime) -> None:
    row = connection.execute(
        "INSERT INTO signing_clock (certificate, name, authority, secret, added) VALUES (%s, %s, %s, %s, %s)"
        " ON CONFLICT DO NOTHING RETURNING id",
        [der, *said, now],
    ).fetchone()
    if row is None:
        raise conflict(gettext_noop("This authority is trusted already."))
    event = {"fingerprint": hashlib.sha256(der).hexdigest(), "name": said[0]}
    ledger.enter(connection, kind="signing.clock", event=event, now=now)


def stamper(connection: Connection) -> Stamper | None:
    """Who stamps signatures here: the one that ``XINGLIN_TSA`` names, or one of our own; None for nobody."""
    if settings.SETTINGS.tsa:
        return stamps.Remote(settings.SETTINGS.tsa)
    own = next((one for one in queries.clocks(connection) if one.secret and one.authority), None)
    if own is None:
        return None
    certificate = certificates.Certificate(own.certificate)
    above = _authority(connection, own.authority or 0).certificate
    return stamps.Own(certificate, keys.signer(certificate, own.secret), above)


def issue(
    connection: Connection, *, by: int, to: Actor, practitioner: str, span: timedelta, now: datetime
) -> Certificate:
    """Give an account a key and a certificate by one of our own authorities."""
    above = _authority(connection, by)
    if not above.secret:
        raise conflict(gettext_noop("This authority is not kept here: import the certificate that it gave."))
    signer = keys.signer(above.certificate, above.secret)
    secret = signatures.make_secret(signer.algorithm)
    made = authority.issue(
        above.certificate, signer, subject=(to.name, to.institution or ""),
        key=signatures.signer(signer.algorithm, secret), span=(now, min(now + span, above.certificate.ends)),
    )  # fmt: skip
    pkcs8 = certificates.to_pkcs8(signer.algorithm, secret)
    keep_credential(connection, certificate=made, pkcs8=pkcs8, to=to, practitioner=practitioner, now=now)
    return made


def keep_credential(
    connection: Connection,
    *,
    certificate: Certificate,
    pkcs8: bytes,
    to: Actor,
    practitioner: str,
    now: datetime,
) -> None:
    """Keep a certificate and its key for an account; refused unless the certificate is good and the key its own."""
    known = queries.authorities(connection)
    signer = signatures.signer(*certificates.from_pkcs8(pkcs8))
    if authority.point_of(signer) != certificate.public or signer.algorithm is not certificate.algorithm:
        raise invalid(gettext_noop("The private key is not that of the certificate."))
    doubt = _doubt(certificate, known, now)
    if doubt is not None:
        raise invalid(gettext_noop("The certificate is not accepted: %(why)s."), why=doubt.value)
    if queries.credential_of(connection, to.id) is not None:
        raise conflict(gettext_noop("This account has a certificate: revoke it first."))
    above = next((a for a in known if certificate.is_signed_by(a.certificate)), None)
    if above is None:
        raise invalid(gettext_noop("The authority that issued the certificate must be imported itself."))
    connection.execute(
        "INSERT INTO signing_credential (authority, account, practitioner, organization, certificate, secret, added)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s)",
        [
            above.id,
            to.id,
            practitioner,
            to.institution or "",
            certificate.der,
            keys.seal(certificate, pkcs8),
            now,
        ],
    )
    event = {"fingerprint": certificate.fingerprint, "account": to.id}
    ledger.enter(connection, kind="signing.certificate", event=event, now=now)


def _doubt(certificate: Certificate, known: list[Authority], now: datetime) -> trust.Doubt | None:
    lists = [a.list for a in known if a.list]
    return trust.doubt([certificate], roots=[a.certificate for a in known], lists=lists, at=now)


def revoke(connection: Connection, *, account: str, reason: str, now: datetime) -> None:
    """Revoke an account's certificate; our own authority's list has it at once."""
    held = queries.credential_of(connection, account)
    if held is None:
        raise not_found(gettext_noop("This account has no certificate."))
    if not reason.strip():
        raise invalid(gettext_noop("Say why the certificate is revoked."))
    connection.execute(
        "UPDATE signing_credential SET revoked = %s, reason = %s WHERE id = %s",
        [now, reason.strip(), held.id],
    )
    if _authority(connection, held.authority).secret:
        renew_list(connection, number=held.authority, now=now)
    event = {"fingerprint": held.certificate.fingerprint, "reason": reason.strip()}
    ledger.enter(connection, kind="signing.revoke", event=event, now=now)


def renew_list(connection: Connection, *, number: int, now: datetime) -> bytes:
    """Make our own authority's list of revoked certificates anew."""
    above = _authority(connection, number)
    if not above.secret:
        raise conflict(gettext_noop("This authority is not kept here: import the list that it gave."))
    revoked = {
        c.certificate.serial: c.revoked
        for c in queries.credentials(connection)
        if c.authority == number and c.revoked is not None
    }
    made = authority.make_list(
        above.certificate, keys.signer(above.certificate, above.secret), revoked, now=now
    )
    connection.execute("UPDATE signing_authority SET list = %s WHERE id = %s", [made.der, number])
    return made.der


def keep_list(connection: Connection, *, found: certificates.RevocationList) -> None:
    """Keep an authority's list of revoked certificates; an older one than is known is refused."""
    for above in queries.authorities(connection):
        if found.is_signed_by(above.certificate):
            if above.list is not None and above.list.made > found.made:
                raise conflict(gettext_noop("A newer list of this authority is known."))
            connection.execute("UPDATE signing_authority SET list = %s WHERE id = %s", [found.der, above.id])
            return
    raise invalid(gettext_noop("No authority that is trusted here signed this list."))


def usable(connection: Connection, actor: Actor, *, now: datetime) -> Credential:
    """What the actor signs with; refused where there is nothing, or it is not accepted."""
    held = queries.credential_of(connection, actor.id)
    if held is None:
        raise forbidden(gettext_noop("Your account has no certificate: ask an administrator for one."))
    doubt = _doubt(held.certificate, queries.authorities(connection), now)
    if doubt is not None:
        raise forbidden(gettext_noop("Your certificate cannot be used: %(why)s."), why=doubt.value)
    return held


def sign(
    connection: Connection, *, target: tuple[str, str, int], role: str, actor: Actor, now: datetime
) -> str:
    """Sign one version (type, id, version) of a document; the id of the Provenance.

    Only the current version can be signed: whoever signs has read it.
    """
    type_name, id_, version = target
    if type_name not in SIGNABLE or role not in ROLES:
        raise invalid(gettext_noop("This cannot be signed."))
    held = usable(connection, actor, now=now)
    shard = ids.shard_of(type_name, id_)
    connection.execute(
        "SELECT pg_advisory_xact_lock(%s, hashtext(%s))", [Lock.SIGNATURES, f"{type_name}/{id_}"]
    )
    door = open_as(actor, connection)
    stored = door.read(type_name, id_)
    if stored.version != version:
        raise conflict(
            gettext_noop("The document has changed since you opened it: read it again before you sign.")
        )
    if _has_signed(connection, target, role, actor):
        raise conflict(gettext_noop("You have signed this version already."))
    signer = keys.signer(held.certificate, held.secret)
    text = jws.sign(canonical_text(stored.text), signer=signer, chain=[held.certificate], now=now)
    clock = stamper(connection)
    stamp = clock.stamp(text.encode()) if clock else b""
    made = door.create(_provenance(target, role, (text, stamp), (held, actor.name), now))
    assert made.draft is not None
    connection.execute(
        "INSERT INTO signing_signature (id, shard, type, resource, version, provenance, account, role, moment)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
        [made.draft.vid, shard, type_name, id_, version, made.draft.id, actor.id, role, now],
    )
    event = {"target": f"{type_name}/{id_}/_history/{version}", "provenance": made.draft.id, "actor": actor.id,
             "role": role, "fingerprint": held.certificate.fingerprint, "jws": text}  # fmt: skip
    ledger.enter(connection, kind="signing.sign", event=event, now=now)
    return made.draft.id


def _has_signed(connection: Connection, target: tuple[str, str, int], role: str, actor: Actor) -> bool:
    row = connection.execute(
        "SELECT 1 FROM signing_signature WHERE type = %s AND resource = %s AND version = %s AND role = %s"
        " AND account = %s",
        [*target, role, actor.id],
    ).fetchone()
    return row is not None


def _provenance(
    target: tuple[str, str, int],
    role: str,
    made: tuple[str, bytes],
    who: tuple[Credential, str],
    now: datetime,
) -> dict[str, Any]:
    """The signature as FHIR has it: https://hl7.org/fhir/R4/datatypes.html#Signature."""
    (text, stamp), (held, name) = made, who
    person: dict[str, Any] = {"display": name}
    if held.practitioner:
        person["reference"] = f"Practitioner/{held.practitioner}"
    agent: dict[str, Any] = {
        "type": {"coding": [{"system": _AGENTS, "code": _ENDS[role]}]},
        "who": person,
    }
    signature: dict[str, Any] = {
        "type": [{"system": _E1762, "code": ROLES[role]}],
        "when": now.isoformat(),
        "who": person,
        "targetFormat": "application/fhir+json",
        "sigFormat": "application/jose",
        "data": base64.b64encode(text.encode()).decode(),
    }
    if held.organization:
        agent["onBehalfOf"] = signature["onBehalfOf"] = {"reference": f"Organization/{held.organization}"}
    found = [signature]
    if stamp:
        found.append(
            {
                "type": [{"system": _E1762, "code": stamps.STAMP}],
                "when": now.isoformat(),
                "who": {"display": stamps.maker(stamp)},
                "sigFormat": "application/timestamp-reply",
                "data": base64.b64encode(stamp).decode(),
            }
        )
    type_name, id_, version = target
    return {
        "resourceType": "Provenance",
        "target": [{"reference": f"{type_name}/{id_}/_history/{version}"}],
        "recorded": now.isoformat(),
        "agent": [agent],
        "signature": found,
    }

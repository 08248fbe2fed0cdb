"""Whether a signature holds, and what does not hold about it."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from xinglin.kernel.errors import Fault
from xinglin.signing import jws, queries, stamps, trust
from xinglin.signing.canonical import NotCanonical, canonical_text
from xinglin.signing.stamps import STAMP, Stamp

if TYPE_CHECKING:
    from xinglin.record.database import Connection
    from xinglin.record.door import Door
    from xinglin.signing.certificates import Certificate
    from xinglin.signing.queries import Signed

_APART = timedelta(minutes=5)  # how far the signer's clock may be from ours


class State(StrEnum):
    VALID = "valid"
    CHANGED = "changed"  # the signature holds; there is a newer version that it does not cover
    BROKEN = "broken"  # what is there is not what was signed
    DOUBTED = "doubted"  # what was signed is intact; the certificate is not believed
    MALFORMED = "malformed"
    MISSING = "missing"  # what was signed is not there to be compared


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is to be said of one signature."""

    state: State
    why: str = ""
    certificate: Certificate | None = None
    moment: datetime | None = None
    role: str = ""
    version: int = 0
    current: int = 0
    stamp: Stamp | None = None  # one that is believed

    @property
    def as_json(self) -> dict[str, Any]:
        """For programs."""
        found: dict[str, Any] = {"state": self.state.value, "why": self.why, "version": self.version or None}
        if self.certificate is not None:
            found["signer"] = {
                "name": self.certificate.name,
                "organization": self.certificate.organization,
                "issuer": self.certificate.issuer_name,
                "serial": f"{self.certificate.serial:x}",
                "fingerprint": self.certificate.fingerprint,
            }
        found["stamp"] = (
            {"moment": self.stamp.moment.isoformat(), "by": self.stamp.by} if self.stamp else None
        )
        found["moment"] = self.moment.isoformat() if self.moment else None
        return found


def check(
    connection: Connection, text: str, document: bytes | None, *, at: datetime, stamp: bytes = b""
) -> Verdict:
    """Verify a detached signature over a JSON document. ``at`` is a time that the signer did not choose.

    A ``stamp`` over the signature, by an authority that is trusted for stamps, takes the place of ``at``.
    """
    try:
        read = jws.read(text)
    except jws.Malformed as error:
        return Verdict(State.MALFORMED, str(error))
    certificate = read.chain[0]
    if document is None:
        return Verdict(State.MISSING, certificate=certificate, moment=read.moment)
    try:
        intact = read.fits(canonical_text(document))
    except NotCanonical as error:
        return Verdict(State.BROKEN, str(error), certificate, read.moment)
    if not intact:
        return Verdict(State.BROKEN, "", certificate, read.moment)
    stamped = _stamped(connection, stamp, text)
    if stamped is not None and not stamped.intact:
        return Verdict(State.BROKEN, "stamp", certificate, read.moment)
    if stamped is not None and stamped.trusted:
        at = stamped.moment
    else:
        stamped = None
    known = queries.authorities(connection)
    doubt = trust.doubt(
        read.chain, roots=[a.certificate for a in known], lists=[a.list for a in known if a.list], at=at
    )
    if doubt is None and read.moment > at + _APART:
        doubt = trust.Doubt.NOT_YET
    return Verdict(
        State.DOUBTED if doubt else State.VALID,
        doubt.value if doubt else "",
        certificate,
        read.moment,
        stamp=stamped,
    )


def _stamped(connection: Connection, stamp: bytes, text: str) -> Stamp | None:
    """What a stamp over a signature says; one that cannot be read is one that does not fit."""
    if not stamp:
        return None
    try:
        return stamps.check(stamp, text.strip().encode(), roots=clock_roots(connection))
    except stamps.Malformed:
        return Stamp(datetime.min.replace(tzinfo=UTC), "", intact=False, trusted=False)


def clock_roots(connection: Connection) -> list[bytes]:
    """The certificates below which time stamps are believed."""
    return [one.certificate for one in queries.clocks(connection)]


def of_resource(connection: Connection, door: Door, type_name: str, id_: str) -> list[Verdict]:
    """The verdicts on all signatures of a resource, the earliest first."""
    signed = queries.signatures_of(connection, type_name, id_)
    if not signed:
        return []
    current = door.read(type_name, id_).version
    return [_of_one(connection, door, one, current) for one in signed]


def _of_one(connection: Connection, door: Door, one: Signed, current: int) -> Verdict:
    try:
        provenance = door.read("Provenance", one.provenance, version="1")
        document = door.read(one.type, one.resource, version=str(one.version)).text
    except Fault:
        return Verdict(State.MISSING, moment=one.moment, role=one.role, version=one.version, current=current)
    resource = provenance.resource
    found = check(connection, text_of(resource), document, at=provenance.moment, stamp=stamp_of(resource))
    state = State.CHANGED if found.state is State.VALID and current != one.version else found.state
    return replace(found, state=state, moment=one.moment, role=one.role, version=one.version, current=current)


def text_of(provenance: dict[str, Any]) -> str:
    """The first signature of a Provenance; empty where it has none that can be read."""
    try:
        return base64.b64decode(provenance["signature"][0]["data"], validate=True).decode("ascii")
    except (KeyError, IndexError, TypeError, ValueError, binascii.Error):
        return ""


def stamp_of(provenance: dict[str, Any]) -> bytes:
    """The time stamp of a Provenance (DER); empty where it has none."""
    try:
        for one in provenance["signature"][1:]:
            if any(coding.get("code") == STAMP for coding in one["type"]):
                return base64.b64decode(one["data"], validate=True)
    except (KeyError, TypeError, ValueError, binascii.Error):
        return b"unreadable"
    return b""

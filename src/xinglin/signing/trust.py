"""Whether a certificate may be believed: chain, validity, use, revocation. Pure; the time is given."""

from __future__ import annotations

from enum import StrEnum
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from xinglin.signing.certificates import Certificate, RevocationList

LONGEST_CHAIN = 5
_KNOWN = frozenset({"basic_constraints", "key_usage", "extended_key_usage", "subject_alt_name"})
_SIGNS = frozenset({"digital_signature", "non_repudiation"})


class Doubt(StrEnum):
    """Why a certificate is not believed."""

    UNTRUSTED = "untrusted"  # leads to no authority that is trusted here
    NOT_YET = "not-yet-valid"
    EXPIRED = "expired"
    USAGE = "wrong-usage"  # it is not for signing
    REVOKED = "revoked"


def doubt(
    chain: Sequence[Certificate],
    *,
    roots: Sequence[Certificate],
    lists: Sequence[RevocationList],
    at: datetime,
) -> Doubt | None:
    """Why ``chain`` (the signer first) is not believed for a signature made at ``at``; None if it is."""
    path = _path(chain, roots)
    if not path or not _SIGNS & path[0].usages or path[0].is_authority:
        return Doubt.USAGE if path else Doubt.UNTRUSTED
    for certificate in path:
        if at < certificate.starts:
            return Doubt.NOT_YET
        if at > certificate.ends:
            return Doubt.EXPIRED
    return Doubt.REVOKED if any(_is_revoked(c, i, lists, at) for c, i in pairwise(path)) else None


def _path(chain: Sequence[Certificate], roots: Sequence[Certificate]) -> list[Certificate]:
    """From the signer to a trusted root; empty if there is no way."""
    if not chain or len(chain) > LONGEST_CHAIN or chain[0].critical - _KNOWN:
        return []
    path = [chain[0]]
    rest = list(chain[1:])
    while len(path) <= LONGEST_CHAIN:
        here = path[-1]
        if any(root.der == here.der for root in roots):
            return path
        above = next(
            (c for c in (*roots, *rest) if c.der != here.der and _issued(here, c, len(path) - 1)), None
        )
        if above is None:
            return []
        path.append(above)
    return []


def _issued(below: Certificate, above: Certificate, depth: int) -> bool:
    return (
        above.is_authority
        and "key_cert_sign" in above.usages
        and not above.critical - _KNOWN
        and (above.room is None or above.room >= depth)
        and below.is_signed_by(above)
    )


def _is_revoked(
    certificate: Certificate, issuer: Certificate, lists: Sequence[RevocationList], at: datetime
) -> bool:
    return any(
        certificate.serial in found.revoked and found.revoked[certificate.serial] <= at
        for found in lists
        if found.is_signed_by(issuer)
    )

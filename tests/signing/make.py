"""An authority and people with certificates for tests."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from xinglin.crypto import signatures
from xinglin.crypto.algorithms import Algorithm
from xinglin.signing import authority

if TYPE_CHECKING:
    from xinglin.crypto.signatures import Signer
    from xinglin.signing.certificates import Certificate

NOW = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
YEAR = timedelta(days=365)


class Pair(NamedTuple):
    certificate: Certificate
    signer: Signer


def root(algorithm: Algorithm = Algorithm.ECDSA_P256, name: str = "测试认证机构") -> Pair:
    certificate, secret = authority.make_root(algorithm, name=name, now=NOW - YEAR)
    return Pair(certificate, signatures.signer(algorithm, secret))


def leaf(
    above: Pair, name: str = "黄志远", span: tuple[datetime, datetime] = (NOW, NOW + YEAR), **more: Any
) -> Pair:
    algorithm = above.signer.algorithm
    key = signatures.signer(algorithm, signatures.make_secret(algorithm))
    subject = (name, "第一人民医院")
    made = authority.issue(above.certificate, above.signer, subject=subject, key=key, span=span, **more)
    return Pair(made, key)

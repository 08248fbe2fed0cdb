"""X.509 certificates with keys of ECDSA P-256 and SM2, behind one face (RFC 5280, GM/T 0015)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from asn1crypto import algos, core, crl, keys, pem, x509

from xinglin.crypto import signatures
from xinglin.crypto.algorithms import Algorithm

if TYPE_CHECKING:
    from datetime import datetime

    from xinglin.crypto.signatures import Verifier

MOST_BYTES = 64 * 1024
CURVES = {"1.2.840.10045.3.1.7": Algorithm.ECDSA_P256, "1.2.156.10197.1.301": Algorithm.SM2}
SIGNS = {"1.2.840.10045.4.3.2": Algorithm.ECDSA_P256, "1.2.156.10197.1.501": Algorithm.SM2}
CURVE_OF = {algorithm: oid for oid, algorithm in CURVES.items()}
keys.NamedCurve.register("sm2p256v1", CURVE_OF[Algorithm.SM2], 32)
SIGN_OF = {algorithm: oid for oid, algorithm in SIGNS.items()}


class Unreadable(Exception):  # noqa: N818 -- a verdict
    """No certificate, list or key of a kind that is known here."""


class _Pair(core.Sequence):  # type: ignore[misc]  # the library has no types
    _fields = [("r", core.Integer), ("s", core.Integer)]  # noqa: RUF012 -- the library's form


def to_der(raw: bytes) -> bytes:
    """A signature of 64 bytes as X.509 has it."""
    pair = _Pair({"r": int.from_bytes(raw[:32], "big"), "s": int.from_bytes(raw[32:], "big")})
    return bytes(pair.dump())


def to_raw(der: bytes) -> bytes:
    """A signature of X.509 in 64 bytes; empty for what is none."""
    try:
        pair = _Pair.load(der, strict=True)
        return b"".join(int(pair[n].native).to_bytes(32, "big") for n in ("r", "s"))
    except (ValueError, TypeError, OverflowError):
        return b""


def _decoded(data: bytes) -> bytes:
    if len(data) > MOST_BYTES:
        raise Unreadable("This is too long for a certificate.")
    try:
        return bytes(pem.unarmor(data)[2]) if pem.detect(data) else data
    except ValueError as error:
        raise Unreadable(f"This is no PEM: {error}") from None


@dataclass(frozen=True)
class Certificate:
    """A certificate. What it says is read at the beginning, so that a broken one is refused there."""

    der: bytes

    def __post_init__(self) -> None:
        try:
            _ = (self.parsed.native, self.public, self.algorithm)
        except (ValueError, TypeError, KeyError) as error:
            raise Unreadable(f"This is no certificate: {error}") from None

    @cached_property
    def parsed(self) -> Any:
        return x509.Certificate.load(self.der, strict=True)

    @property
    def _body(self) -> Any:
        return self.parsed["tbs_certificate"]

    @property
    def algorithm(self) -> Algorithm:
        """That of its key; raises ``Unreadable`` for keys that are not supported."""
        key = self._body["subject_public_key_info"]["algorithm"]
        curve = key["parameters"].chosen.dotted if key["algorithm"].native == "ec" else ""
        if curve not in CURVES:
            raise Unreadable("The certificate's key is neither ECDSA P-256 nor SM2.")
        return CURVES[curve]

    @property
    def public(self) -> bytes:
        """The point of its key: 65 bytes beginning with 04."""
        point = bytes(self._body["subject_public_key_info"]["public_key"])
        if len(point) != 65 or point[0] != 4:
            raise Unreadable("The certificate's key is no uncompressed point.")
        return point

    @cached_property
    def verifier(self) -> Verifier:
        return verifier(self.algorithm, self.public)

    @property
    def serial(self) -> int:
        return int(self._body["serial_number"].native)

    @property
    def starts(self) -> datetime:
        return self.parsed.not_valid_before  # type: ignore[no-any-return]  # the library has no types

    @property
    def ends(self) -> datetime:
        return self.parsed.not_valid_after  # type: ignore[no-any-return]  # as above

    @property
    def name(self) -> str:
        """The common name of whom it is for."""
        return _common(self.parsed.subject)

    @property
    def organization(self) -> str:
        return str(self.parsed.subject.native.get("organization_name", ""))

    @property
    def issuer_name(self) -> str:
        return _common(self.parsed.issuer)

    @property
    def issuer(self) -> bytes:
        return bytes(self.parsed.issuer.dump())

    @property
    def subject(self) -> bytes:
        return bytes(self.parsed.subject.dump())

    @property
    def usages(self) -> frozenset[str]:
        usage = self.parsed.key_usage_value
        return frozenset(usage.native) if usage is not None else frozenset()

    @property
    def is_authority(self) -> bool:
        constraints = self.parsed.basic_constraints_value
        return bool(constraints is not None and constraints["ca"].native)

    @property
    def critical(self) -> frozenset[str]:
        return frozenset(self.parsed.critical_extensions)

    @property
    def room(self) -> int | None:
        """How many authorities may stand below this one; None for any number."""
        constraints = self.parsed.basic_constraints_value
        return None if constraints is None else constraints["path_len_constraint"].native

    @property
    def fingerprint(self) -> str:
        return hashlib.sha256(self.der).hexdigest()

    @property
    def pem(self) -> bytes:
        return bytes(pem.armor("CERTIFICATE", self.der))

    def is_signed_by(self, issuer: Certificate) -> bool:
        """Whether ``issuer`` made it: names and signature fit."""
        outer, inner = self.parsed["signature_algorithm"], self._body["signature"]
        return (
            self.issuer == issuer.subject
            and outer.dump() == inner.dump()
            and SIGNS.get(outer["algorithm"].dotted) is issuer.algorithm
            and issuer.verifier.verify(
                bytes(self._body.dump()), to_raw(self.parsed["signature_value"].native)
            )
        )


def read(data: bytes) -> Certificate:
    """A certificate in PEM or DER; raises ``Unreadable``."""
    return Certificate(_decoded(data))


def read_any(data: bytes) -> bytes:
    """A certificate with a key of any kind, PEM or DER, as DER; raises ``Unreadable``."""
    der = _decoded(data)
    try:
        _ = x509.Certificate.load(der, strict=True).native
    except (ValueError, TypeError, KeyError) as error:
        raise Unreadable(f"This is no certificate: {error}") from None
    return der


def _common(name: Any) -> str:
    return str(name.native.get("common_name") or name.human_friendly)


def verifier(algorithm: Algorithm, point: bytes) -> Verifier:
    """What verifies with a point of 65 bytes; raises ``Unreadable`` for one that is not on the curve."""
    try:
        return signatures.verifier(algorithm, point if algorithm is Algorithm.ECDSA_P256 else point[1:])
    except ValueError as error:
        raise Unreadable(f"The key is no point of its curve: {error}") from None


@dataclass(frozen=True)
class RevocationList:
    """A list of revoked certificates (RFC 5280 §5)."""

    der: bytes

    @cached_property
    def parsed(self) -> Any:
        try:
            found = crl.CertificateList.load(self.der, strict=True)
            _ = found.native
        except (ValueError, TypeError) as error:
            raise Unreadable(f"This is no list of revoked certificates: {error}") from None
        return found

    @property
    def issuer(self) -> bytes:
        return bytes(self.parsed.issuer.dump())

    @property
    def made(self) -> datetime:
        return self.parsed["tbs_cert_list"]["this_update"].native  # type: ignore[no-any-return]  # as above

    @property
    def next(self) -> datetime | None:
        return self.parsed["tbs_cert_list"]["next_update"].native  # type: ignore[no-any-return]  # as above

    @cached_property
    def revoked(self) -> dict[int, datetime]:
        """When each certificate was revoked, by serial number."""
        rows = self.parsed["tbs_cert_list"]["revoked_certificates"]
        return {r["user_certificate"].native: r["revocation_date"].native for r in rows}

    def is_signed_by(self, issuer: Certificate) -> bool:
        return (
            self.issuer == issuer.subject
            and SIGNS.get(self.parsed["signature_algorithm"]["algorithm"].dotted) is issuer.algorithm
            and "crl_sign" in issuer.usages
            and issuer.verifier.verify(
                bytes(self.parsed["tbs_cert_list"].dump()), to_raw(self.parsed["signature"].native)
            )
        )


def read_list(data: bytes) -> RevocationList:
    """A list of revoked certificates in PEM or DER; raises ``Unreadable``."""
    found = RevocationList(_decoded(data))
    _ = found.parsed
    return found


def key_info(algorithm: Algorithm, point: bytes) -> Any:
    """A public key as X.509 has it."""
    kind = keys.PublicKeyAlgorithm(
        {"algorithm": "ec", "parameters": keys.ECDomainParameters("named", CURVE_OF[algorithm])}
    )
    return keys.PublicKeyInfo({"algorithm": kind, "public_key": keys.ECPointBitString(point)})


def signing_method(algorithm: Algorithm) -> Any:
    return algos.SignedDigestAlgorithm({"algorithm": SIGN_OF[algorithm]})


def to_pkcs8(algorithm: Algorithm, secret: bytes) -> bytes:
    """A private key as PKCS#8."""
    kind = keys.PrivateKeyAlgorithm(
        {"algorithm": "ec", "parameters": keys.ECDomainParameters("named", CURVE_OF[algorithm])}
    )
    key = keys.ECPrivateKey({"version": 1, "private_key": int.from_bytes(secret, "big")})
    key["private_key"].set_encoded_width(32)
    info = {"version": 0, "private_key_algorithm": kind, "private_key": core.ParsableOctetString(key.dump())}
    return bytes(keys.PrivateKeyInfo(info).dump())


def from_pkcs8(data: bytes) -> tuple[Algorithm, bytes]:
    """Algorithm and secret of a private key in PKCS#8, PEM or DER; raises ``Unreadable``."""
    try:
        info = keys.PrivateKeyInfo.load(_decoded(data), strict=True)
        curve = info["private_key_algorithm"]["parameters"].chosen.dotted
        secret = int(info["private_key"].parsed["private_key"].native).to_bytes(32, "big")
        return CURVES[curve], secret
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError) as error:
        raise Unreadable(f"This is no private key of ECDSA P-256 or SM2 in PKCS#8: {error}") from None

"""Making certificates and lists of revoked ones: what an authority for tests and demonstrations does."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from asn1crypto import core, crl, x509

from xinglin.crypto import signatures
from xinglin.signing import certificates
from xinglin.signing.certificates import Certificate, RevocationList

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from xinglin.crypto.algorithms import Algorithm
    from xinglin.crypto.signatures import Signer

LIST_DAYS = 7
TIME_STAMPING = "time_stamping"


def point_of(signer: Signer) -> bytes:
    """The signer's public key: 65 bytes beginning with 04."""
    public = signer.verifier().public
    return public if len(public) == 65 else b"\x04" + public


def make_root(
    algorithm: Algorithm, *, name: str, now: datetime, years: int = 10
) -> tuple[Certificate, bytes]:
    """A new authority: its own certificate, and its secret."""
    secret = signatures.make_secret(algorithm)
    signer = signatures.signer(algorithm, secret)
    subject = x509.Name.build({"country_name": "CN", "common_name": name})
    span = (now, now + timedelta(days=365 * years))
    usages = {"key_cert_sign", "crl_sign"}
    body = _body(subject, subject, signer, span, usages)
    return _signed(body, signer), secret


def issue(
    issuer: Certificate, signer: Signer, *, subject: tuple[str, str], key: Signer, span: tuple[datetime, datetime],
    usages: frozenset[str] = frozenset({"digital_signature", "non_repudiation"}),
) -> Certificate:  # fmt: skip
    """A certificate for ``subject`` (name, organisation) and the public key of ``key``.

    ``usages`` are those of X.509, and ``time_stamping`` for one that does only that.
    """
    name, organization = subject
    parts = {"country_name": "CN", "common_name": name}
    if organization:
        parts["organization_name"] = organization
    body = _body(x509.Name.build(parts), issuer.parsed.subject, key, span, set(usages - {TIME_STAMPING}))
    if TIME_STAMPING in usages:  # RFC 3161 §2.3: the only purpose, and critical
        purposes = core.ParsableOctetString(x509.ExtKeyUsageSyntax([TIME_STAMPING]).dump())
        body["extensions"].append({"extn_id": "extended_key_usage", "critical": True, "extn_value": purposes})
    return _signed(body, signer)


def _body(
    subject: Any, issuer: Any, key: Signer, span: tuple[datetime, datetime], usages: set[str]
) -> dict[str, Any]:
    ca = "key_cert_sign" in usages
    constraints: dict[str, Any] = {"ca": ca, **({"path_len_constraint": 0} if ca else {})}
    extensions = [
        {"extn_id": "basic_constraints", "critical": True,
         "extn_value": core.ParsableOctetString(x509.BasicConstraints(constraints).dump())},
        {"extn_id": "key_usage", "critical": True,
         "extn_value": core.ParsableOctetString(x509.KeyUsage(usages).dump())},
    ]  # fmt: skip
    starts, ends = (moment.replace(microsecond=0) for moment in span)
    return {
        "version": "v3",
        "serial_number": secrets.randbits(120) | 1 << 120,
        "issuer": issuer,
        "validity": {"not_before": _time(starts), "not_after": _time(ends)},
        "subject": subject,
        "subject_public_key_info": certificates.key_info(key.algorithm, point_of(key)),
        "extensions": extensions,
    }


def _time(moment: datetime) -> Any:
    return x509.Time("utc_time" if moment.year < 2050 else "general_time", moment)


def _signed(body: dict[str, Any], signer: Signer) -> Certificate:
    method = certificates.signing_method(signer.algorithm)
    made = x509.TbsCertificate({**body, "signature": method})
    signature = certificates.to_der(signer.sign(made.dump()))
    whole = {"tbs_certificate": made, "signature_algorithm": method, "signature_value": signature}
    return Certificate(x509.Certificate(whole).dump())


def make_list(
    issuer: Certificate, signer: Signer, revoked: Mapping[int, datetime], *, now: datetime
) -> RevocationList:
    """The list of certificates that the authority has revoked."""
    method = certificates.signing_method(signer.algorithm)
    body: dict[str, Any] = {
        "version": "v2",
        "signature": method,
        "issuer": issuer.parsed.subject,
        "this_update": _time(now.replace(microsecond=0)),
        "next_update": _time(now.replace(microsecond=0) + timedelta(days=LIST_DAYS)),
    }
    if revoked:
        body["revoked_certificates"] = [
            {"user_certificate": serial, "revocation_date": _time(moment.replace(microsecond=0))}
            for serial, moment in sorted(revoked.items())
        ]
    made = crl.TbsCertList(body)
    signature = certificates.to_der(signer.sign(made.dump()))
    whole = {"tbs_cert_list": made, "signature_algorithm": method, "signature": signature}
    return RevocationList(crl.CertificateList(whole).dump())

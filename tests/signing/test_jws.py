from __future__ import annotations

import base64
import json

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from joserfc import jws as outside
from joserfc.jwk import ECKey

from tests.signing.make import NOW, YEAR, leaf, root
from xinglin.crypto.algorithms import Algorithm
from xinglin.crypto.digests import hmac_sha256
from xinglin.signing import certificates, jws, trust
from xinglin.signing.authority import make_list
from xinglin.signing.canonical import NotCanonical, canonical_text
from xinglin.signing.trust import Doubt

BOTH = pytest.mark.parametrize("algorithm", [Algorithm.ECDSA_P256, Algorithm.SM2])


def _b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _with_header(text: str, **more: object) -> str:
    header, _, signature = text.split(".")
    said = json.loads(base64.urlsafe_b64decode(header + "=="))
    return f"{_b64(json.dumps({**said, **more}).encode())}..{signature}"


@BOTH
def test_a_signature_fits_what_was_signed_and_nothing_else(algorithm: Algorithm) -> None:
    above = root(algorithm)
    doctor = leaf(above)

    read = jws.read(jws.sign(b"{}", signer=doctor.signer, chain=[doctor.certificate], now=NOW))

    assert read.moment == NOW
    assert read.fits(b"{}")
    assert not read.fits(b"{ }")
    assert trust.doubt(read.chain, roots=[above.certificate], lists=[], at=NOW) is None


def test_an_outside_library_verifies_the_signature() -> None:
    doctor = leaf(root())
    text = jws.sign(b'{"a":1}', signer=doctor.signer, chain=[doctor.certificate], now=NOW)
    header, _, signature = text.split(".")
    public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), doctor.certificate.public)

    registry = outside.JWSRegistry(algorithms=["ES256"], strict_check_header=False)
    registry.max_header_length = 4096
    found = outside.deserialize_compact(
        ".".join([header, _b64(b'{"a":1}'), signature]), ECKey.import_key(public), registry=registry
    )

    assert found.payload == b'{"a":1}'


@pytest.mark.parametrize("alg", ["none", "HS256", "ES384", "SM2", "", None])
def test_another_algorithm_than_the_certificates_is_refused(alg: str | None) -> None:
    doctor = leaf(root())
    text = jws.sign(b"{}", signer=doctor.signer, chain=[doctor.certificate], now=NOW)

    with pytest.raises(jws.Malformed, match="alg is not"):
        jws.read(_with_header(text, alg=alg))


def test_the_public_key_is_never_a_shared_secret() -> None:
    doctor = leaf(root())
    header = jws.sign(b"{}", signer=doctor.signer, chain=[doctor.certificate], now=NOW).split(".")[0]
    forged = hmac_sha256(doctor.certificate.public, f"{header}.{_b64(b'{}')}".encode())

    assert not jws.read(f"{header}..{_b64(forged + forged)}").fits(b"{}")


def test_unknown_members_and_attached_payloads_are_refused() -> None:
    doctor = leaf(root())
    text = jws.sign(b"{}", signer=doctor.signer, chain=[doctor.certificate], now=NOW)

    for wrong in (_with_header(text, crit=["b64"], b64=False), text.replace("..", ".e30."), "", "..", "a..b"):
        with pytest.raises(jws.Malformed):
            jws.read(wrong)


def test_a_key_of_another_curve_is_no_certificate_for_signing() -> None:
    from datetime import timedelta

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization

    key = ec.generate_private_key(ec.SECP384R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "x")])
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(5).not_valid_before(NOW).not_valid_after(NOW + timedelta(days=1)).sign(key, hashes.SHA256())
    )  # fmt: skip

    with pytest.raises(certificates.Unreadable):
        certificates.read(made.public_bytes(serialization.Encoding.PEM))


def test_the_library_of_cryptography_reads_our_certificates() -> None:
    from cryptography import x509

    above = root()
    doctor = leaf(above)

    x509.load_der_x509_certificate(doctor.certificate.der).verify_directly_issued_by(
        x509.load_der_x509_certificate(above.certificate.der)
    )


@BOTH
def test_what_is_wrong_with_a_certificate_is_told(algorithm: Algorithm) -> None:
    above, other = root(algorithm), root(algorithm)
    good = leaf(above).certificate
    old = leaf(above, span=(NOW - YEAR, NOW - YEAR / 2)).certificate
    early = leaf(above, span=(NOW + YEAR, NOW + 2 * YEAR)).certificate
    sealing = leaf(above, usages=frozenset({"key_encipherment"})).certificate
    revoked = make_list(above.certificate, above.signer, {good.serial: NOW}, now=NOW)
    forged = make_list(other.certificate, other.signer, {good.serial: NOW}, now=NOW)

    def told(certificate: certificates.Certificate, *lists: certificates.RevocationList) -> Doubt | None:
        return trust.doubt([certificate], roots=[above.certificate], lists=lists, at=NOW)

    assert told(good) is None
    assert told(old) is Doubt.EXPIRED
    assert told(early) is Doubt.NOT_YET
    assert told(sealing) is Doubt.USAGE
    assert told(good, revoked) is Doubt.REVOKED
    assert told(good, forged) is None
    assert told(leaf(other).certificate) is Doubt.UNTRUSTED
    assert told(leaf(leaf(above)).certificate) is Doubt.UNTRUSTED


def test_a_signature_before_the_revocation_stands() -> None:
    above = root()
    doctor = leaf(above).certificate
    revoked = make_list(above.certificate, above.signer, {doctor.serial: NOW + YEAR / 2}, now=NOW + YEAR / 2)

    assert trust.doubt([doctor], roots=[above.certificate], lists=[revoked], at=NOW) is None


@BOTH
def test_a_private_key_comes_back_from_pkcs8(algorithm: Algorithm) -> None:
    secret = b"\x00" * 3 + b"\x07" * 29

    assert certificates.from_pkcs8(certificates.to_pkcs8(algorithm, secret)) == (algorithm, secret)


def test_canonical_json_is_as_the_standard_says() -> None:
    given = (
        '{"numbers":[333333333.33333329,1E30,4.50,2e-3,0.000000000000000000000000001,-0],'
        '"b":"\\u20ac$\\u000F\\nA\'B\\"\\\\\\"/","\\ud83d\\ude00":1,"\\ufb33":2,"a":[true,null]}'
    )

    assert canonical_text(given.encode()).decode() == (
        '{"a":[true,null],"b":"€$\\u000f\\nA\'B\\"\\\\\\"/","numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27,0],'
        '"😀":1,"\ufb33":2}'
    )


@pytest.mark.parametrize("text", ['{"a":1,"a":2}', "[1e999]", '"\\ud800"', "{", ""])
def test_what_has_no_canonical_form_is_refused(text: str) -> None:
    with pytest.raises(NotCanonical):
        canonical_text(text.encode())

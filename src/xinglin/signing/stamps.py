"""Time stamps (RFC 3161): a second body's word for when a signature was there.

A stamp is over the SHA-256 of the whole signature, so it needs nothing of the document. With it a signature stays good
when the signer's certificate has run out or is revoked later. ``Own`` is an authority kept here, for tests and
demonstrations; ``Remote`` asks the one that ``XINGLIN_TSA`` names.
"""

from __future__ import annotations

import asyncio
import hashlib
import secrets
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from asn1crypto import algos, cms, core, tsp, x509
from django.utils.translation import gettext_noop
from pyhanko.sign.general import as_signing_certificate_v2
from pyhanko.sign.timestamps import TimeStamper
from pyhanko.sign.validation.errors import SignatureValidationError
from pyhanko.sign.validation.generic_cms import validate_tst_signed_data
from pyhanko.sign.validation.status import TimestampSignatureStatus
from pyhanko_certvalidator import ValidationContext

from xinglin.kernel import clock
from xinglin.kernel.errors import busy, invalid
from xinglin.signing import certificates

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from xinglin.crypto.signatures import Signer
    from xinglin.signing.certificates import Certificate

POLICY = "1.3.6.1.4.1.4146.2.2"  # of stamps by an authority for tests: means nothing in law
STAMP = "1.2.840.10065.1.12.1.18"
"""The code of ASTM E1762 for a time stamp."""
LONGEST = 64 * 1024
_PATIENCE = 5  # seconds
_DIGESTS = frozenset({"sha256", "sha384", "sha512"})


class Malformed(Exception):  # noqa: N818 -- a verdict
    """No time stamp that can be read."""


class Stamper(TimeStamper):
    """What makes stamps; pyHanko asks it too."""

    def stamp(self, data: bytes) -> bytes:
        """A token (DER) over ``data``; raises ``busy`` where nobody gives one."""
        try:
            token = asyncio.run(self.async_timestamp(hashlib.sha256(data).digest(), "sha256"))
        except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
            raise busy(
                gettext_noop(
                    "The time stamping authority gave no stamp (%(why)s). Nothing was signed: try again later."
                ),
                code="transient", why=str(error),
            ) from error  # fmt: skip
        return bytes(token.dump())


class Own(Stamper):
    """An authority whose key is here."""

    def __init__(self, certificate: Certificate, signer: Signer, above: Certificate) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # the library's
        self.certificate, self.signer, self.above = certificate, signer, above

    async def async_request_tsa_response(self, req: tsp.TimeStampReq) -> tsp.TimeStampResp:
        """The answer to a request: a token whose only signature is ours."""
        now = clock.now()
        said: dict[str, Any] = {
            "version": "v1",
            "policy": POLICY,
            "message_imprint": req["message_imprint"],
            "serial_number": secrets.randbits(64),
            "gen_time": now.replace(microsecond=0),
        }
        if req["nonce"].native is not None:
            said["nonce"] = req["nonce"]
        content = cms.ContentInfo(
            {"content_type": "signed_data", "content": self._signed(tsp.TSTInfo(said).dump())}
        )
        return tsp.TimeStampResp({"status": {"status": "granted"}, "time_stamp_token": content})

    def _signed(self, info: bytes) -> cms.SignedData:
        parsed = self.certificate.parsed
        digest = algos.DigestAlgorithm({"algorithm": "sha256"})
        attributes = cms.CMSAttributes(
            [
                _attribute("content_type", "tst_info"),
                _attribute("signing_certificate_v2", as_signing_certificate_v2(parsed)),
                _attribute("message_digest", hashlib.sha256(info).digest()),
            ]
        )
        signer = cms.SignerInfo(
            {
                "version": "v1",
                "sid": cms.SignerIdentifier(
                    "issuer_and_serial_number",
                    {"issuer": parsed.issuer, "serial_number": parsed.serial_number},
                ),
                "digest_algorithm": digest,
                "signature_algorithm": certificates.signing_method(self.signer.algorithm),
                "signed_attrs": attributes,
                "signature": certificates.to_der(self.signer.sign(attributes.dump())),
            }
        )
        return cms.SignedData(
            {
                "version": "v3",
                "digest_algorithms": [digest],
                "encap_content_info": {"content_type": "tst_info", "content": core.ParsableOctetString(info)},
                "certificates": [parsed, self.above.parsed],
                "signer_infos": [signer],
            }
        )


class Remote(Stamper):
    """An authority at an address (RFC 3161 §3.4). The address is the operator's, never a document's."""

    def __init__(self, address: str) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # the library's
        if not address.startswith(("http://", "https://")):
            raise invalid(gettext_noop("XINGLIN_TSA should be an address of http or https."))
        self.address = address

    async def async_request_tsa_response(self, req: tsp.TimeStampReq) -> tsp.TimeStampResp:
        return await asyncio.to_thread(self._ask, req.dump())

    def _ask(self, body: bytes) -> tsp.TimeStampResp:
        headers = {"Content-Type": "application/timestamp-query", "Accept": "application/timestamp-reply"}
        asked = urllib.request.Request(self.address, body, headers)  # noqa: S310 -- its scheme was looked at
        try:
            with urllib.request.urlopen(asked, timeout=_PATIENCE) as answer:  # noqa: S310 -- as above
                return tsp.TimeStampResp.load(answer.read(LONGEST), strict=True)
        except urllib.error.HTTPError as error:
            error.close()
            raise


def _attribute(name: str, value: Any) -> cms.CMSAttribute:
    return cms.CMSAttribute({"type": name, "values": (value,)})


@dataclass(frozen=True, slots=True)
class Stamp:
    """What a token says, and whether it may be believed."""

    moment: datetime
    by: str
    intact: bool  # made over these data, by the key of its certificate
    trusted: bool  # its certificate leads to an authority that is trusted for stamps


def maker(token: bytes) -> str:
    """The common name in the certificate that a token brings along; empty where it brings none."""
    found = cms.ContentInfo.load(token)["content"]["certificates"]
    names = [
        name_of(one.chosen)
        for one in found
        if getattr(one.chosen, "extended_key_usage_value", None) is not None
    ]
    return names[0] if names else ""


def name_of(certificate: Any) -> str:
    """What a certificate of the library is called."""
    return str(certificate.subject.native.get("common_name") or certificate.subject.human_friendly)


def moment_of(signed: Any) -> datetime:
    """When the signed data of a token say that it was made."""
    try:
        return signed["encap_content_info"]["content"].parsed["gen_time"].native  # type: ignore[no-any-return]  # the library has no types
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise Malformed(f"This is no time stamp: {error}") from None


def trusting(roots: Sequence[bytes], at: datetime) -> ValidationContext:
    """What pyHanko needs to know whether a stamp made at ``at`` may be believed; nothing is fetched."""
    known = [x509.Certificate.load(der) for der in roots]
    return ValidationContext(trust_roots=known, allow_fetching=False, moment=at)


def check(token: bytes, data: bytes, *, roots: Sequence[bytes]) -> Stamp:
    """What a token over ``data`` is worth; raises ``Malformed``. ``roots`` are certificates in DER."""
    try:
        signed = cms.ContentInfo.load(token, strict=True)["content"]
        moment = moment_of(signed)
        found = TimestampSignatureStatus(
            **asyncio.run(
                validate_tst_signed_data(signed, trusting(roots, moment), lambda name: _digest(name, data))
            )
        )
    except (SignatureValidationError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise Malformed(f"This is no time stamp: {error}") from None
    return Stamp(moment, name_of(found.signing_cert), bool(found.intact and found.valid), bool(found.trusted))


def _digest(name: str, data: bytes) -> bytes:
    if name not in _DIGESTS:
        raise Malformed(f"The stamp is over a digest that is not accepted: {name}")
    return hashlib.new(name, data).digest()

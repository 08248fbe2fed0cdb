"""Documents on paper: a PDF of one version, signed as PAdES has it; and what is to be said of a PDF that comes back.

The Chinese font is one that every reader of PDF brings along (STSong-Light); it is not embedded.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

import segno
from asn1crypto import keys as asn1
from django.utils.translation import gettext, gettext_noop
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign import signers
from pyhanko.sign.fields import SigSeedSubFilter
from pyhanko.sign.general import SigningError
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko.sign.validation.errors import SignatureValidationError
from pyhanko.sign.validation.generic_cms import extract_tst_data_iter
from pyhanko.sign.validation.status import SignatureCoverageLevel
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.registry import SimpleCertificateStore
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.platypus import Image, Paragraph, SimpleDocTemplate, Spacer

from xinglin.crypto.algorithms import Algorithm
from xinglin.kernel.errors import conflict, invalid
from xinglin.signing import keys, queries, stamps, trust
from xinglin.signing.certificates import Certificate
from xinglin.signing.verifying import State, Verdict, clock_roots

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from xinglin.record.database import Connection
    from xinglin.signing.queries import Credential
    from xinglin.signing.stamps import Stamper

MOST_BYTES = 10 * 1024 * 1024
_FONT = "STSong-Light"
_MOST_SIGNATURES = 20


def draw(title: str, facts: Sequence[tuple[str, str]], parts: Sequence[str], *, address: str) -> bytes:
    """A document as a PDF, with a code that leads to ``address``, where its signatures are checked."""
    pdfmetrics.registerFont(UnicodeCIDFont(_FONT))
    body = ParagraphStyle("body", fontName=_FONT, fontSize=10.5, leading=17, wordWrap="CJK")
    head = ParagraphStyle("head", parent=body, fontSize=16, leading=24)
    small = ParagraphStyle("small", parent=body, fontSize=8, leading=11)
    picture = io.BytesIO()
    segno.make(address, error="m", micro=False).save(picture, kind="png", scale=4, border=2)
    flow: list[Any] = [Paragraph(escape(title), head)]
    flow += [Paragraph(f"{escape(name)}：{escape(value)}", body) for name, value in facts]
    flow.append(Spacer(1, 5 * mm))
    flow += [Paragraph(escape(line), body) for part in parts for line in part.splitlines() if line.strip()]
    flow += [
        Spacer(1, 8 * mm),
        Image(picture, 28 * mm, 28 * mm, hAlign="LEFT"),
        Paragraph(escape(address), small),
    ]
    made = io.BytesIO()
    SimpleDocTemplate(made, pagesize=A4, title=title, author="Xinglin").build(flow)
    return made.getvalue()


def sign(pdf: bytes, held: Credential, stamper: Stamper | None = None) -> bytes:
    """The PDF with a signature: PAdES baseline B, with a ``stamper`` baseline T; ECDSA."""
    if held.certificate.algorithm is not Algorithm.ECDSA_P256:
        raise conflict(gettext_noop("A PDF is signed with ECDSA; this certificate is for SM2."))
    signer = signers.SimpleSigner(
        signing_cert=held.certificate.parsed,
        signing_key=asn1.PrivateKeyInfo.load(keys.opened(held.certificate, held.secret)),
        cert_registry=SimpleCertificateStore(),  # type: ignore[no-untyped-call]  # the library's
    )
    meta = signers.PdfSignatureMetadata(
        field_name="Signature1",
        md_algorithm="sha256",
        subfilter=SigSeedSubFilter.PADES,
        name=held.certificate.name,
    )
    try:
        return bytes(
            signers.sign_pdf(
                IncrementalPdfFileWriter(io.BytesIO(pdf)), meta, signer=signer, timestamper=stamper
            ).getvalue()
        )
    except (SigningError, OSError) as error:
        raise conflict(gettext_noop("The PDF could not be signed: %(why)s."), why=str(error)) from error


def check(connection: Connection, pdf: bytes, *, at: datetime) -> list[Verdict]:
    """The verdicts on the signatures of a PDF; ``at`` is now, as no time in it is to be believed."""
    if len(pdf) > MOST_BYTES or not pdf.startswith(b"%PDF-"):
        raise invalid(gettext_noop("This is no PDF, or one of more than 10 MB."))
    try:
        found = PdfFileReader(io.BytesIO(pdf)).embedded_regular_signatures[:_MOST_SIGNATURES]
        return [_verdict(connection, one, at) for one in found]
    except (
        PdfError,
        stamps.Malformed,
        SignatureValidationError,
        ValueError,
        KeyError,
        TypeError,
        IndexError,
        AttributeError,
    ) as error:
        return [Verdict(State.MALFORMED, gettext("The PDF cannot be read: %(why)s") % {"why": error})]


def _verdict(connection: Connection, one: Any, at: datetime) -> Verdict:
    known = queries.authorities(connection)
    roots = [a.certificate for a in known]
    context = ValidationContext(trust_roots=[r.parsed for r in roots], allow_fetching=False)
    stamp = next(extract_tst_data_iter(one.signer_info, signed=False), None)
    trusting = None
    if stamp is not None:
        trusting = stamps.trusting(clock_roots(connection), stamps.moment_of(stamp))
    status = validate_pdf_signature(one, context, trusting)
    certificate = Certificate(one.signer_cert.dump())
    moment = one.self_reported_timestamp
    if not (status.intact and status.valid):
        return Verdict(State.BROKEN, certificate=certificate, moment=moment)
    stamped, found = None, status.timestamp_validity
    if found is not None and not (found.intact and found.valid):
        return Verdict(State.BROKEN, "stamp", certificate, moment)
    if found is not None and found.trusted:
        stamped = stamps.Stamp(found.timestamp, stamps.name_of(found.signing_cert), intact=True, trusted=True)
        at = stamped.moment
    doubt = trust.doubt([certificate], roots=roots, lists=[a.list for a in known if a.list], at=at)
    if doubt is not None:
        return Verdict(State.DOUBTED, doubt.value, certificate, moment, stamp=stamped)
    whole = status.coverage is SignatureCoverageLevel.ENTIRE_FILE
    state = State.VALID if whole else State.CHANGED
    return Verdict(state, "" if whole else "appended", certificate, moment, stamp=stamped)

"""Transfer syntaxes: which can be given out how, and frames and long values taken out of a file."""

from __future__ import annotations

import io
import struct
import warnings
from typing import TYPE_CHECKING, Any, BinaryIO

import pydicom
from django.utils.translation import gettext_noop
from pydicom.encaps import get_frame
from pydicom.uid import ExplicitVRLittleEndian

from xinglin.kernel.errors import unsupported

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pydicom.dataset import Dataset

EXPLICIT = "1.2.840.10008.1.2.1"
_IMPLICIT = "1.2.840.10008.1.2"
_DEFLATED = "1.2.840.10008.1.2.1.99"
_BIG = "1.2.840.10008.1.2.2"
_PLAIN = frozenset({_IMPLICIT, EXPLICIT, _DEFLATED, _BIG})
_DECODED = frozenset(  # what rendering can decode, see there
    {
        "1.2.840.10008.1.2.5", "1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.51", "1.2.840.10008.1.2.4.90",
        "1.2.840.10008.1.2.4.91",
    }
)  # fmt: skip
_JPEG = "1.2.840.10008.1.2.4."
_MEDIA = {  # PS3.18 table 8.7.3-5
    "1.2.840.10008.1.2.5": "image/dicom-rle",
    **dict.fromkeys((_JPEG + n for n in ("50", "51", "57", "70")), "image/jpeg"),
    **dict.fromkeys((_JPEG + n for n in ("80", "81")), "image/jls"),
    **dict.fromkeys((_JPEG + n for n in ("90", "91")), "image/jp2"),
    **dict.fromkeys((_JPEG + n for n in ("92", "93")), "image/jpx"),
    **dict.fromkeys((_JPEG + n for n in ("201", "202", "203")), "image/jphc"),
    **dict.fromkeys((_JPEG + n for n in ("100", "101")), "video/mpeg"),
    **dict.fromkeys((_JPEG + n for n in ("102", "103", "104", "105", "106", "107", "108")), "video/mp4"),
}
_BYTES = "application/octet-stream"
_SHOWN = frozenset(
    {"application/pdf", "text/xml", "model/stl", "model/obj", "model/mtl"}
)  # no pages with programs
_DOCUMENTS = "1.2.840.10008.5.1.4.1.1.104."
_LONG_HEADS = (b"OB", b"OW", b"OF", b"OD", b"UN", b"OL", b"OV")
_UNDEFINED = 0xFFFFFFFF


def chosen(stored: str, wanted: Sequence[str]) -> str | None:
    """In which of the wanted encodings (``*``: any) what is stored so can be given out; None: in none."""
    for syntax in wanted:
        if syntax in ("*", stored):
            return stored
        if syntax == EXPLICIT and stored != _BIG and (stored in _PLAIN or stored in _DECODED):
            return syntax
    return None


def media_of(syntax: str) -> str:
    """The media type of frames that are stored so."""
    return _MEDIA.get(syntax, _BYTES)


def is_document(sop_class: str) -> bool:
    """Whether instances of that class hold a document: PDF, CDA, STL …"""
    return sop_class.startswith(_DOCUMENTS)


def transcoded(file: BinaryIO) -> bytes:
    """The whole file in Explicit VR Little Endian."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        dataset = pydicom.dcmread(file)
        if dataset.file_meta.TransferSyntaxUID.is_compressed and "PixelData" in dataset:
            try:
                dataset.decompress(generate_instance_uid=False)
            except Exception as error:
                raise unsupported(
                    gettext_noop("The pixels cannot be decoded here; fetch them as they are.")
                ) from error
        dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        out = io.BytesIO()
        dataset.save_as(out, enforce_file_format=True)
    return out.getvalue()


def frames(file: BinaryIO, numbers: Sequence[int]) -> list[bytes]:
    """The bytes of frames (numbered from 1) as they are stored; only their part of the file is read."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        dataset = pydicom.dcmread(file, stop_before_pixels=True)
        syntax = dataset.file_meta.TransferSyntaxUID
        if syntax == _DEFLATED:
            file.seek(0)
            return _cut(io.BytesIO(pydicom.dcmread(file).PixelData), dataset, 0, numbers)
        length = _enter_pixels(file, implicit=syntax == _IMPLICIT, little=syntax != _BIG)
        begin = file.tell()
        if length != _UNDEFINED:
            return _cut(file, dataset, begin, numbers)
        count = int(dataset.get("NumberOfFrames") or 1)
        found = []
        for number in numbers:
            file.seek(begin)
            found.append(get_frame(file, number - 1, number_of_frames=count))
        return found


def _enter_pixels(file: BinaryIO, *, implicit: bool, little: bool) -> int:
    """Read the head of the element of pixels, where the file stands; the length of its value."""
    order = "<" if little else ">"
    head = file.read(8)
    if len(head) < 8:
        raise unsupported(gettext_noop("The instance has no pixels."))
    if implicit:
        return int(struct.unpack("<4xI", head)[0])
    if head[4:6] in _LONG_HEADS:
        return int(struct.unpack(f"{order}I", file.read(4))[0])
    return int(struct.unpack(f"{order}6xH", head)[0])


def _cut(file: BinaryIO, dataset: Dataset, begin: int, numbers: Sequence[int]) -> list[bytes]:
    bits = (
        int(dataset.Rows)
        * int(dataset.Columns)
        * int(dataset.get("SamplesPerPixel") or 1)
        * int(dataset.BitsAllocated)
    )
    if bits % 8:
        raise unsupported(
            gettext_noop("The frames do not begin at whole bytes; fetch the instance as it is.")
        )
    found = []
    for number in numbers:
        file.seek(begin + (number - 1) * bits // 8)
        found.append(file.read(bits // 8))
    return found


def document(file: BinaryIO) -> tuple[bytes, str]:
    """The document that an instance holds, and its media type."""
    dataset = pydicom.dcmread(file)
    body = bytes(dataset.get("EncapsulatedDocument") or b"")
    length = int(dataset.get("EncapsulatedDocumentLength") or len(body))
    media = str(dataset.get("MIMETypeOfEncapsulatedDocument") or "").strip().lower()
    return body[:length], media if media in _SHOWN else _BYTES


def value_at(file: BinaryIO, path: str) -> bytes | None:
    """A long value by its path (``reading``); None where there is none."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found: Any = pydicom.dcmread(file)
        try:
            parts = path.split("/")
            for place, part in enumerate(parts):
                found = found[int(part)] if place % 2 else found[int(part, 16)].value
        except (KeyError, IndexError, ValueError, TypeError):
            return None
    return bytes(found) if isinstance(found, bytes | bytearray) else None

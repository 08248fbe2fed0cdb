"""In which characters a data set is really written.

What is declared in SpecificCharacterSet (PS3.5 6.1.2) is believed as long as the bytes can be that. Equipment often
declares nothing, or another set than it writes in; then what is known of the sender is tried, then UTF-8, which hardly
fits by chance, then GB18030, which includes GBK and GB 2312. The instance is stored with a warning.
"""

from __future__ import annotations

import codecs
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_noop
from pydicom.charset import convert_encodings, decode_bytes
from pydicom.datadict import dictionary_VR
from pydicom.dataelem import RawDataElement

from xinglin.exchange.doors import ERROR, WARNING, Reason

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pydicom.dataset import Dataset

_TEXTS = frozenset({"LO", "LT", "PN", "SH", "ST", "UC", "UT"})
_PLAIN = frozenset({"", "ISO_IR 6", "ISO 2022 IR 6"})  # sets that have no sign beyond ASCII
_LATIN = frozenset({"ISO_IR 100", "ISO 2022 IR 100"})  # what is said where nobody has thought of it
_ESCAPE = b"\x1b"
_PLACE = "(0008,0005) SpecificCharacterSet"


def settle(dataset: Dataset, known: str) -> Reason | None:
    """Have texts of the data set read in the set that they are written in; what is to be said of it.

    ``known`` is the set that the sender is registered with, empty if none.
    """
    texts = list(_texts(dataset))
    declared = _declared(dataset)
    if not texts or (_is_as_declared(texts, declared) and not (known and set(declared) & _LATIN)):
        return None
    said = "\\".join(declared)
    for candidate in dict.fromkeys(name for name in (known, "utf-8", "gb18030") if name):
        if all(_decodes(text, candidate) for text in texts):
            implicit, little = dataset.original_encoding
            dataset.set_original_encoding(implicit, little, [codecs.lookup(candidate).name])
            return Reason(
                WARNING, "value", _PLACE,
                gettext_noop("Texts are not in the declared character set %(declared)s; they were read as %(read)s."),
                {"declared": said or "-", "read": candidate},
            )  # fmt: skip
    return Reason(
        ERROR, "value", _PLACE,
        gettext_noop("Texts are not in the declared character set %(declared)s, nor in UTF-8 or GB18030."),
        {"declared": said or "-"},
    )  # fmt: skip


def has_escapes(dataset: Dataset) -> bool:
    """Whether GB 2312 is announced by escape sequences, which the library leaves where they stand."""
    return "ISO 2022 IR 58" in _declared(dataset)


def without_escapes(said: Any) -> Any:
    """The same DICOM JSON without the escape sequence of GB 2312: characters of one byte and of two tell themselves."""
    if isinstance(said, str):
        return said.replace("\x1b$)A", "")
    if isinstance(said, list):
        return [without_escapes(one) for one in said]
    if isinstance(said, dict):
        return {name: without_escapes(one) for name, one in said.items()}
    return said


def _texts(dataset: Dataset) -> Iterator[bytes]:
    """The raw texts that are not plain ASCII."""
    for tag in dataset.keys():  # noqa: SIM118 -- a data set yields elements, converted
        raw = dataset.get_item(tag, keep_deferred=True)
        if not isinstance(raw, RawDataElement) or not raw.value:
            continue
        vr = raw.VR or _vr(int(tag))
        if vr in _TEXTS and (_ESCAPE in raw.value or not raw.value.isascii()):
            yield raw.value


def _vr(tag: int) -> str:
    try:
        return dictionary_VR(tag)
    except KeyError:
        return ""


def _declared(dataset: Dataset) -> list[str]:
    raw = dataset.get_item(0x00080005) if 0x00080005 in dataset else None
    value = raw.value if raw is not None else None
    if isinstance(value, bytes):
        return [part.strip() for part in value.decode("ascii", "replace").split("\\")]
    if isinstance(value, str):
        return [value.strip()]
    return [str(part).strip() for part in value or ()]


def _is_as_declared(texts: Sequence[bytes], declared: list[str]) -> bool:
    first = declared[0] if declared else ""
    if first in _PLAIN and any(not text.split(_ESCAPE)[0].isascii() for text in texts):
        return False
    if len(declared) <= 1 and any(_ESCAPE in text for text in texts):
        return False
    try:
        encodings = convert_encodings(declared or [""])
        return all("\ufffd" not in _read(text, encodings) for text in texts)
    except (LookupError, UnicodeError):
        return False


def _read(text: bytes, encodings: list[str]) -> str:
    if _ESCAPE not in text:
        return text.decode(encodings[0])
    return decode_bytes(text, encodings, {0x5E, 0x3D, 0x5C})


def _decodes(text: bytes, encoding: str) -> bool:
    try:
        text.decode(encoding)
    except (UnicodeError, LookupError):
        return False
    return True

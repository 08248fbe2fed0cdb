"""What a file says: its attributes as DICOM JSON, without what is long.

Reading is lenient; what it had to pass over is among the reasons.
"""

from __future__ import annotations

import threading
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO

import pydicom
from django.utils.translation import gettext_noop
from pydicom.dataelem import RawDataElement
from pydicom.errors import InvalidDicomError

from xinglin.exchange.dicom import charsets, facts
from xinglin.exchange.doors import WARNING, Reason
from xinglin.kernel.errors import invalid

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

    from xinglin.exchange.dicom.facts import Facts

LONG = 1024  # bytes beyond which a value is left in the file
_HELD = (
    16 << 20
)  # bytes of a value that are held at most; what is longer stays in the file and is named alone
_PIXELS = "7FE00010"
_MOST_PASSED_OVER = 5
_lock = threading.Lock()  # the library's warnings are silenced, which is for one thread at a time


@dataclass(frozen=True, slots=True)
class Instance:
    """What is needed of an instance, and all of it that is not long as ``head``."""

    sop_class: str
    uid: str
    study: str
    series: str
    syntax: str
    patient: str
    modality: str
    head: Facts
    reasons: tuple[Reason, ...]


def read(file: BinaryIO, *, charset: str = "") -> Instance:
    """Read a file in the form of PS3.10; fault ``invalid`` for what is none, or breaks off.

    ``charset`` is what the sender writes in where it does not declare it.
    """
    with _lock, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        dataset = _dataset(file)
        said = charsets.settle(dataset, charset)
        head, reasons = _head(dataset)
        if charsets.has_escapes(dataset):
            head = charsets.without_escapes(head)
        syntax = str(dataset.file_meta.get("TransferSyntaxUID", ""))
    if said is not None:
        reasons.insert(0, said)
    if "00280010" in head and "00280011" in head:
        head[_PIXELS] = {"vr": "OW", "BulkDataURI": f"bulkdata/{_PIXELS}"}
    return Instance(
        sop_class=facts.text(head, "00080016"),
        uid=facts.text(head, "00080018"),
        study=facts.text(head, "0020000D"),
        series=facts.text(head, "0020000E"),
        syntax=syntax,
        patient=facts.text(head, "00100020"),
        modality=facts.text(head, "00080060"),
        head=head,
        reasons=tuple(reasons),
    )


def _dataset(file: BinaryIO) -> Dataset:
    try:
        dataset = pydicom.dcmread(file, stop_before_pixels=True, defer_size=_HELD)
    except InvalidDicomError:
        raise invalid(
            gettext_noop("This is no DICOM file: it does not begin with 128 bytes and DICM."),
            code="structure",
        ) from None
    except Exception as error:  # noqa: BLE001 -- whatever the library says of it, the file is what is wrong
        raise _unreadable(error) from None
    if not dataset.file_meta.get("TransferSyntaxUID"):
        raise invalid(gettext_noop("The file does not say its transfer syntax."), code="structure")
    if not len(dataset):
        raise invalid(gettext_noop("The data set is empty, or breaks off."), code="structure")
    return dataset


def _unreadable(error: Exception) -> Exception:
    return invalid(
        gettext_noop("The data set cannot be read: %(why)s"), code="structure", why=str(error)[:200]
    )


def _head(dataset: Dataset) -> tuple[Facts, list[Reason]]:
    head: Facts = {}
    passed_over: list[str] = []
    for tag in sorted(dataset.keys()):
        if tag.element == 0 or tag.group == 2:  # lengths of groups mean nothing any more
            continue
        name = f"{int(tag):08X}"
        raw = dataset.get_item(tag, keep_deferred=True)
        if isinstance(raw, RawDataElement) and raw.value is None and raw.length:
            head[name] = {"vr": raw.VR or "UN", "BulkDataURI": f"bulkdata/{name}"}
            continue
        try:
            element = dataset[tag].to_json_dict(lambda _: "", LONG)
        except Exception:  # noqa: BLE001 -- whatever is wrong with one attribute, the others are read
            passed_over.append(name)
            continue
        head[name] = _placed(element, f"bulkdata/{name}")
    reasons = [
        Reason(
            WARNING, "value", f"({name[:4]},{name[4:]})",
            gettext_noop("The value of this attribute cannot be read; it is kept in the file alone."),
        )
        for name in passed_over[:_MOST_PASSED_OVER]
    ]  # fmt: skip
    return head, reasons


def _placed(element: dict[str, Any], path: str) -> dict[str, Any]:
    """With what is long named by its path: tags, and the numbers of items between them, from 0."""
    if "BulkDataURI" in element:
        element["BulkDataURI"] = path
    elif element.get("vr") == "SQ":
        for number, item in enumerate(element.get("Value") or ()):
            for tag, inner in item.items():
                _placed(inner, f"{path}/{number}/{tag}")
    return element

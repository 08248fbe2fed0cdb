"""Instances made up for the tests, as files in the form of PS3.10."""

from __future__ import annotations

import io
import warnings
from typing import Any

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian

CT = "1.2.840.10008.5.1.4.1.1.2"
ECG = "1.2.840.10008.5.1.4.1.1.9.1.1"
PDF = "1.2.840.10008.5.1.4.1.1.104.1"
ROOT = "1.2.826.0.1.3680043.8.498"
STUDY, SERIES = f"{ROOT}.1", f"{ROOT}.1.1"


def dataset(number: int = 1, **attributes: Any) -> Dataset:
    """A CT slice of 16 × 16 pixels; ``attributes`` by keyword, None takes one away."""
    made = Dataset()
    said: dict[str, Any] = {
        "SpecificCharacterSet": "ISO_IR 192",
        "SOPClassUID": CT,
        "SOPInstanceUID": f"{ROOT}.1.1.{number}",
        "StudyInstanceUID": STUDY,
        "SeriesInstanceUID": SERIES,
        "StudyDate": "20261103",
        "StudyTime": "093015",
        "AccessionNumber": "A-100",
        "Modality": "CT",
        "StudyDescription": "胸部CT平扫",
        "SeriesDescription": "肺窗",
        "PatientName": "Zhang^San=张^三",
        "PatientID": "00100020",
        "PatientBirthDate": "19700102",
        "PatientSex": "M",
        "StudyID": "1",
        "SeriesNumber": 2,
        "InstanceNumber": number,
        "BodyPartExamined": "CHEST",
        "ReferringPhysicianName": "李^四",
        "Rows": 16,
        "Columns": 16,
        "BitsAllocated": 16,
        "BitsStored": 12,
        "HighBit": 11,
        "PixelRepresentation": 0,
        "SamplesPerPixel": 1,
        "PhotometricInterpretation": "MONOCHROME2",
        "WindowCenter": 100,
        "WindowWidth": 200,
        **attributes,
    }
    for keyword, value in said.items():
        if value is not None:
            setattr(made, keyword, value)
    if made.get("Rows"):
        made.PixelData = b"".join((i * number % 4096).to_bytes(2, "little") for i in range(16 * 16))
        made["PixelData"].VR = "OW"
    return made


def file(made: Dataset | None = None, *, implicit: bool = False, **attributes: Any) -> bytes:
    """The file of an instance."""
    if made is None:
        made = dataset(**attributes)
    made.file_meta = FileMetaDataset()
    made.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian if implicit else ExplicitVRLittleEndian
    made.file_meta.MediaStorageSOPClassUID = made.get("SOPClassUID", CT)
    made.file_meta.MediaStorageSOPInstanceUID = made.get("SOPInstanceUID", "1.2.3")
    out = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made.save_as(out, enforce_file_format=True)
    return out.getvalue()


def raw(tags: dict[int, tuple[str, bytes]], syntax: str = "1.2.840.10008.1.2.1") -> bytes:
    """A file with these elements, whatever they are: tag to VR and value, in Explicit VR Little Endian."""
    meta = _element(0x00020010, "UI", syntax.encode())
    head = _element(0x00020000, "UL", len(meta).to_bytes(4, "little")) + meta
    body = b"".join(_element(tag, vr, value) for tag, (vr, value) in sorted(tags.items()))
    return b"\0" * 128 + b"DICM" + head + body


def _element(tag: int, vr: str, value: bytes) -> bytes:
    if len(value) % 2:
        value += b"\0" if vr in ("UI", "OB") else b" "
    numbers = (tag >> 16).to_bytes(2, "little") + (tag & 0xFFFF).to_bytes(2, "little")
    if vr in ("OB", "OW", "SQ", "UN", "UT"):
        return numbers + vr.encode() + b"\0\0" + len(value).to_bytes(4, "little") + value
    return numbers + vr.encode() + len(value).to_bytes(2, "little") + value


def identified(**more: tuple[int, str, bytes]) -> dict[int, tuple[str, bytes]]:
    """The elements that every instance needs, and ``more``: tag, VR, value each."""
    found = {
        0x00080016: ("UI", CT.encode()),
        0x00080018: ("UI", f"{ROOT}.9".encode()),
        0x00080060: ("CS", b"CT"),
        0x00100020: ("LO", b"00100020"),
        0x0020000D: ("UI", STUDY.encode()),
        0x0020000E: ("UI", SERIES.encode()),
    }
    return found | {tag: (vr, value) for tag, vr, value in more.values()}


def ecg() -> Dataset:
    """A short electrocardiogram of twelve channels."""
    made = dataset(7, SOPClassUID=ECG, Modality="ECG", Rows=None, SeriesInstanceUID=f"{ROOT}.1.2")
    group = Dataset()
    group.WaveformOriginality = "ORIGINAL"
    group.NumberOfWaveformChannels = 12
    group.NumberOfWaveformSamples = 500
    group.SamplingFrequency = 500
    group.WaveformBitsAllocated = 16
    group.WaveformSampleInterpretation = "SS"
    group.WaveformData = bytes(range(256)) * 46 + b"\0" * (12 * 500 * 2 - 256 * 46)
    group["WaveformData"].VR = "OW"
    made.WaveformSequence = [group]
    return made


def document() -> Dataset:
    """An encapsulated PDF."""
    made = dataset(8, SOPClassUID=PDF, Modality="DOC", Rows=None, SeriesInstanceUID=f"{ROOT}.1.3")
    made.MIMETypeOfEncapsulatedDocument = "application/pdf"
    made.DocumentTitle = "报告"
    made.EncapsulatedDocument = b"%PDF-1.4 made up\n"
    made.EncapsulatedDocumentLength = 17
    return made

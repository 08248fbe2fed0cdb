"""Frames and waveforms as values, for a viewer that does its own windows: a small head of JSON, then the numbers.

A *packet* is the length of the head (four bytes, little endian), the head, filled up with blanks so that the numbers
begin at a multiple of eight, and the numbers: of a grey frame and of a waveform 16 bits each with a sign, little
endian, of which ``scale`` and ``offset`` make the values; of a coloured frame red, green and blue of 8 bits.
"""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
import orjson
from django.utils.translation import gettext_noop
from pydicom import dcmread
from pydicom.pixels.processing import apply_modality_lut

from xinglin.exchange.dicom.rendering import colours, opened, pixels
from xinglin.kernel.errors import unsupported

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pydicom.dataset import Dataset

_LEADS = Path(__file__).with_name("data") / "leads-1.toml"
_LEAST, _MOST = -32768, 32767
_ALIGNED = 8


def packet(head: Mapping[str, Any], numbers: bytes) -> bytes:
    """Head and numbers, as the viewer reads them."""
    text = orjson.dumps(head)
    text += b" " * (-(len(text) + 4) % _ALIGNED)
    return len(text).to_bytes(4, "little") + text + numbers


def frame(file: BinaryIO, number: int) -> bytes:
    """A frame (numbered from 1) as a packet; faults ``unsupported`` and ``invalid`` as ``rendering``'s."""
    dataset, frames = opened(file, number)
    found = pixels(dataset, number)
    head: dict[str, Any] = {
        "rows": int(dataset.Rows), "columns": int(dataset.Columns), "frames": frames,
        "spacing": _spacing(dataset), "rate": _rate(dataset), "unit": _unit(dataset),
    }  # fmt: skip
    coloured = colours(dataset, found)
    if coloured is not None:
        return packet({**head, "kind": "colour"}, np.ascontiguousarray(coloured[..., :3]).tobytes())
    values = np.asarray(apply_modality_lut(found, dataset), dtype=np.float64)
    stored, scale, offset = _sixteen_bits(values)
    head |= {
        "kind": "grey", "scale": scale, "offset": offset, "least": float(values.min()), "most": float(values.max()),
        "invert": dataset.get("PhotometricInterpretation") == "MONOCHROME1", "windows": _windows(dataset),
    }  # fmt: skip
    return packet(head, stored.tobytes())


def _sixteen_bits(values: Any) -> tuple[Any, float, float]:
    """Values as numbers of 16 bits with scale and offset: themselves where they are whole and fit."""
    least, most = float(values.min()), float(values.max())
    if least >= _LEAST and most <= _MOST and np.array_equal(values, np.rint(values)):
        return values.astype("<i2"), 1.0, 0.0
    scale = (most - least) / (_MOST - _LEAST) or 1.0
    offset = least - _LEAST * scale
    return np.clip(np.rint((values - offset) / scale), _LEAST, _MOST).astype("<i2"), scale, offset


def _windows(dataset: Dataset) -> list[dict[str, Any]]:
    """The windows that the machine proposes: centre, width, and what it calls them."""
    centres, widths, words = (
        _several(dataset.get(name))
        for name in ("WindowCenter", "WindowWidth", "WindowCenterWidthExplanation")
    )
    found = []
    for place, (centre, width) in enumerate(zip(centres, widths, strict=False)):
        if float(width) > 0:
            name = str(words[place]) if place < len(words) else ""
            found.append({"centre": float(centre), "width": float(width), "name": name})
    return found


def _several(value: Any) -> list[Any]:
    if value is None or value == "":
        return []
    return [value] if isinstance(value, str | int | float) else list(value)


def _spacing(dataset: Dataset) -> list[float] | None:
    """Millimetres between rows and between columns, where they are said."""
    found = _several(dataset.get("PixelSpacing") or dataset.get("ImagerPixelSpacing"))
    return [float(part) for part in found] if len(found) == 2 and all(float(p) > 0 for p in found) else None


def _rate(dataset: Dataset) -> float | None:
    """Frames a second, where the instance is a film."""
    rate, time = (
        dataset.get("CineRate") or dataset.get("RecommendedDisplayFrameRate"),
        dataset.get("FrameTime"),
    )
    return float(rate) if rate else 1000 / float(time) if time else None


def _unit(dataset: Dataset) -> str:
    said = str(dataset.get("RescaleType") or "")
    return said or ("HU" if dataset.get("Modality") == "CT" else "")


# -- waveforms


def waveform(file: BinaryIO, group: int = 0) -> bytes:
    """A group of channels that were recorded together as a packet: channel after channel, in microvolts.

    Faults: ``unsupported`` for an instance without a waveform or one that is not in a form of ours.
    """
    dataset = dcmread(file, force=True)
    groups = dataset.get("WaveformSequence") or []
    if not 0 <= group < len(groups):
        raise unsupported(gettext_noop("This instance has no waveform."))
    said = groups[group]
    if said.get("WaveformBitsAllocated") != 16 or said.get("WaveformSampleInterpretation") != "SS":
        raise unsupported(
            gettext_noop("A waveform of this form cannot be shown here; fetch the instance as it is.")
        )
    count, samples = int(said.NumberOfWaveformChannels), int(said.NumberOfWaveformSamples)
    stored = np.frombuffer(said.WaveformData, dtype="<i2", count=count * samples).reshape(samples, count)
    channels = list(said.get("ChannelDefinitionSequence") or [])
    microvolts = [_microvolts(stored[:, n], channels[n] if n < len(channels) else None) for n in range(count)]
    head = {
        "kind": "waveform", "rate": float(said.SamplingFrequency), "samples": samples, "groups": len(groups),
        "leads": [_lead(channels[n] if n < len(channels) else None, n, count) for n in range(count)],
        "scale": 1.0, "offset": 0.0,
    }  # fmt: skip
    return packet(head, np.concatenate(microvolts).astype("<i2").tobytes())


def _microvolts(stored: Any, channel: Dataset | None) -> Any:
    """A channel's samples in microvolts; where no sensitivity is said one unit is one microvolt (PS3.3 C.10.9.1.4)."""
    if channel is None or not channel.get("ChannelSensitivity"):
        return stored
    factor = float(channel.ChannelSensitivity) * float(channel.get("ChannelSensitivityCorrectionFactor") or 1)
    factor *= _leads()["units"].get(_code(channel, "ChannelSensitivityUnitsSequence"), 1.0)
    baseline = float(channel.get("ChannelBaseline") or 0)
    return np.clip(np.rint(stored * factor + baseline), _LEAST, _MOST)


def _lead(channel: Dataset | None, place: int, count: int) -> str:
    """The name of a lead: by its code, by its words, or, of twelve without either, by its place."""
    known = _leads()
    if channel is not None:
        code = _code(channel, "ChannelSourceSequence")
        if code in known["codes"]:
            return str(known["codes"][code])
        words = str(channel.get("ChannelLabel") or "") or _code(
            channel, "ChannelSourceSequence", "CodeMeaning"
        )
        if words:
            return words.removeprefix("Lead ").split("(")[0].strip()
    order: Sequence[str] = known["order"]
    return order[place] if count == len(order) else f"{place + 1}"


def _code(holder: Dataset, sequence: str, keyword: str = "CodeValue") -> str:
    items = holder.get(sequence) or []
    return str(items[0].get(keyword) or "") if len(items) else ""


@cache
def _leads() -> dict[str, Any]:
    return tomllib.loads(_LEADS.read_text(encoding="utf-8"))

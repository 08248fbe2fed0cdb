"""Frames and waveforms as numbers for a viewer."""

from __future__ import annotations

import io
import json
from typing import Any

import numpy as np
import pytest
from pydicom.dataset import Dataset

from tests.exchange.dicom import make
from xinglin.exchange.dicom import viewing
from xinglin.kernel.errors import Fault, Kind


def opened(packet: bytes) -> tuple[dict[str, Any], bytes]:
    length = int.from_bytes(packet[:4], "little")
    return json.loads(packet[4 : 4 + length]), packet[4 + length :]


def frame(number: int = 1, **attributes: Any) -> tuple[dict[str, Any], Any]:
    head, body = opened(viewing.frame(io.BytesIO(make.file(**attributes)), number))
    return head, np.frombuffer(body, "<i2")


def test_slice_comes_as_rescaled_values_with_its_windows() -> None:
    head, values = frame(
        RescaleSlope=2, RescaleIntercept=-1024, PixelSpacing=[0.5, 0.25], WindowCenter=[40, -600],
        WindowWidth=[400, 1500],
    )  # fmt: skip

    assert (head["rows"], head["columns"], head["frames"], head["kind"]) == (16, 16, 1, "grey")
    assert values.tolist() == [2 * i - 1024 for i in range(256)]
    assert (head["scale"], head["offset"], head["least"], head["most"]) == (1, 0, -1024, -514)
    assert [(w["centre"], w["width"]) for w in head["windows"]] == [(40, 400), (-600, 1500)]
    assert (head["spacing"], head["unit"]) == ([0.5, 0.25], "HU")


@pytest.mark.parametrize("slope", [0.001, 100, 0.5])
def test_values_that_are_no_whole_numbers_come_back_by_scale_and_offset(slope: float) -> None:
    head, values = frame(RescaleSlope=slope, RescaleIntercept=0)

    back = values * head["scale"] + head["offset"]
    assert np.abs(back - np.arange(256) * slope).max() <= head["scale"]


def test_frame_that_is_not_there_is_refused() -> None:
    with pytest.raises(Fault) as refused:
        frame(2)

    assert refused.value.kind is Kind.INVALID


def test_instance_without_a_picture_or_a_waveform_says_so() -> None:
    for ask in (lambda f: viewing.frame(f, 1), viewing.waveform):
        with pytest.raises(Fault) as refused:
            ask(io.BytesIO(make.file(make.document())))
        assert refused.value.kind is Kind.UNSUPPORTED


def test_numbers_of_a_packet_begin_at_a_multiple_of_eight() -> None:
    for n in range(9):
        packet = viewing.packet({"x": "y" * n}, b"")
        assert len(packet) % 8 == 0
        assert opened(packet) == ({"x": "y" * n}, b"")


def ecg() -> Dataset:
    """Twelve channels, the second with its code and a sensitivity of 2.5 µV."""
    made = make.ecg()
    group = made.WaveformSequence[0]
    group.ChannelDefinitionSequence = [Dataset() for _ in range(12)]
    channel = group.ChannelDefinitionSequence[1]
    source, unit = Dataset(), Dataset()
    source.CodeValue, source.CodingSchemeDesignator, source.CodeMeaning = "2:62", "MDC", "Lead aVR"
    unit.CodeValue, unit.CodingSchemeDesignator, unit.CodeMeaning = "mV", "UCUM", "millivolt"
    channel.ChannelSourceSequence, channel.ChannelSensitivity = [source], 0.0025
    channel.ChannelSensitivityUnitsSequence = [unit]
    return made


def test_waveform_comes_channel_after_channel_in_microvolts() -> None:
    file = make.file(ecg())
    stored = np.frombuffer(make.ecg().WaveformSequence[0].WaveformData, "<i2").reshape(500, 12)

    head, body = opened(viewing.waveform(io.BytesIO(file)))
    values = np.frombuffer(body, "<i2").reshape(12, 500)

    assert (head["rate"], head["samples"]) == (500, 500)
    assert head["leads"][:3] == ["I", "aVR", "III"]
    assert values[0].tolist() == stored[:, 0].tolist()
    assert values[1].tolist() == np.clip(np.rint(stored[:, 1] * 2.5), -32768, 32767).tolist()

"""Messages that others have written are read, mapped, stored and answered."""

from __future__ import annotations

import tomllib
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from xinglin.exchange.hl7v2 import answering, door, messages
from xinglin.exchange.hl7v2.answering import Caller, Rules
from xinglin.exchange.hl7v2.management.commands.mllp import Platform
from xinglin.fhir.validation import checks

if TYPE_CHECKING:
    from xinglin.exchange.doors import Sender

_FOLDER = Path(__file__).parent / "samples"
_SAMPLES = tomllib.loads((_FOLDER / "SOURCES.toml").read_text(encoding="utf-8"))["sample"]


class _Desk(Platform):
    """The platform, to which everybody is the laboratory."""

    def __init__(self, sender: Sender) -> None:
        self._sender = sender

    def sender(self, caller: Caller, application: str, facility: str) -> Sender:
        return self._sender


def _body(sample: dict[str, Any]) -> bytes:
    return (_FOLDER / sample["file"]).read_bytes()


def test_every_file_says_whence_it_is() -> None:
    assert sorted(path.name for path in _FOLDER.glob("*.hl7")) == sorted(
        sample["file"] for sample in _SAMPLES
    )
    assert {sample["licence"] for sample in _SAMPLES} == {"MIT", "Apache-2.0", "BSD-3-Clause"}


@pytest.mark.parametrize("sample", _SAMPLES, ids=lambda sample: sample["file"])
def test_a_sample_is_written_back_as_it_was(sample: dict[str, Any]) -> None:
    body = _body(sample)

    read = messages.read(body)

    lines = [line.strip() for line in body.decode().replace("\r", "\n").split("\n") if line.strip()]
    assert [str(segment).strip().replace("^~\\&", "^~ &") for segment in read.segments] == [
        line.replace("^~\\&", "^~ &") for line in lines
    ]


@pytest.mark.parametrize("sample", _SAMPLES, ids=lambda sample: sample["file"])
def test_a_sample_is_answered_and_what_it_says_is_stored(sample: dict[str, Any], laboratory: Sender) -> None:
    body = _body(sample)

    answered = answering.answer(body, Caller("127.0.0.1"), _Desk(laboratory), Rules("PTD"))

    codes = [messages.read(answer).segments[1].text(1) for answer in answered.messages]
    if "refused" in sample:
        answer = messages.read(answered.messages[0])
        assert (codes, answer.segments[2].text(1, 4)) == (["AR"], sample["refused"])
        return
    told = door.Handler().translate(body, "", laboratory)
    if "errors" in sample:
        assert [reason.place for reason in told.reasons if reason.severity == "error"] == sample["errors"]
        assert codes in (["CA"], ["AE"])
        return
    assert codes in (["AA"], ["CA"])
    assert dict(Counter(resource["resourceType"] for resource in told.resources)) == sample["stored"]
    assert [checks.check(resource) for resource in told.resources if checks.check(resource)] == []

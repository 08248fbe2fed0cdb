"""What the face says can be said in Chinese."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from django.utils import translation

from tests.api.caller import JSON_PATCH
from tests.api.make import patient

if TYPE_CHECKING:
    from tests.api.caller import Caller

sys.path.insert(0, str(Path(__file__).parents[2] / "tools"))

import collect_messages

_PLACE = re.compile(r"%\((\w+)\)|%%")
_CHINESE = re.compile(r"[\u4e00-\u9fff]")


def test_every_message_of_a_fault_has_a_chinese_translation() -> None:
    known = collect_messages.translations()

    assert {text: place for text, place in collect_messages.messages().items() if text not in known} == {}


def test_translations_are_chinese_and_keep_their_places() -> None:
    wrong = {
        text: translated
        for text, translated in collect_messages.translations().items()
        if not _CHINESE.search(translated)
        or sorted(_PLACE.findall(text)) != sorted(_PLACE.findall(translated))
    }

    assert wrong == {}


def test_compiled_catalogue_is_that_of_the_source() -> None:
    known = collect_messages.translations()

    with translation.override("zh-hans"):
        compiled = {text: translation.gettext(text) for text in known}

    assert compiled == known


@pytest.mark.parametrize(
    ("method", "url", "body", "said"),
    [
        ("GET", "Patient/nobody", None, "没有 Patient/nobody。"),
        ("GET", "Patients", None, "'Patients' 不是 FHIR R4 的资源类型，此处也没有别的含义。"),
        ("POST", "Patient", b"", "请求体应为 FHIR 资源，即含 resourceType 的 JSON 对象。"),
    ],
)
def test_outcome_is_chinese_for_who_reads_chinese(
    caller: Caller, method: str, url: str, body: Any, said: str
) -> None:
    assert caller(method, url, body, accept_language="zh-CN,zh;q=0.9").text == said


def test_number_of_a_wrong_operation_is_said_in_chinese_too(caller: Caller) -> None:
    made = caller.create(patient())
    wrong = [{"op": "remove", "path": "/gender"}]

    reply = caller("PATCH", f"Patient/{made['id']}", wrong, content_type=JSON_PATCH, accept_language="zh")

    assert reply.text.startswith("第 0 个操作（从 0 数起）：Patient 没有成员 'gender'")

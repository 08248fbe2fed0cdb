"""Chinese clinical text: findings with places, what is denied, how much; tongue and pulse told apart. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_CLAUSE = re.compile(r"[^，。；、,;!?！？\n\r:：]+")
_DENIED = re.compile(
    r"^(?:[患者目前现又仍其]{0,3})(?:否认有?|未见|未诉|未觉|无明显|没有|不伴|无)(?P<what>.+)$"
)
_NOT_DENIED = ("无汗", "无力", "无神", "无苔", "无味", "无华", "无泪", "无脉", "无欲", "无光", "无度", "无常")
_DEGREE = (
    ("severe", ("剧烈", "甚剧", "极", "严重", "甚则", "难忍", "重度", "大量", "不止", "如绞", "高热")),
    ("moderate", ("较", "颇", "明显", "中度", "时作")),
    ("slight", ("稍", "略", "微", "轻度", "偶", "少许", "隐隐", "隐")),
)
_TONGUE = re.compile(r"舌|苔")
_PULSE = re.compile(r"脉(?!络|证|管|道|诊断)")
_TIME = re.compile(r"\d+(?:余|多)?(?:年|个?月|周|天|日|小时)|半(?:年|月|天)|昨|今晨|近来|素")
_STOP = frozenset('，。；、：:;,.!！？?()（）“”"《》 0123456789年月日岁男女性初诊主诉病史查\n\r\t')


class Part(StrEnum):
    """Which of the examinations a finding is of, as far as its words say."""

    SIGN = "sign"
    TONGUE = "tongue"
    PULSE = "pulse"


@dataclass(frozen=True, slots=True)
class Finding:
    """A piece of the text, ``[start, end)`` of it."""

    text: str
    start: int
    end: int
    part: Part
    denied: bool = False
    degree: str = ""  # severe, moderate, slight; empty where nothing is said
    time: str = ""


def findings(text: str) -> list[Finding]:
    """What a clinical text says, clause by clause, in its order."""
    return list(_found(text))


def _found(text: str) -> Iterator[Finding]:
    before = Part.SIGN
    for match in _CLAUSE.finditer(text):
        said = match[0].strip()
        if len(said) < 1 or not re.search(r"[\u4e00-\u9fff]", said):
            continue
        start = match.start() + match[0].index(said)
        part = _part(said, before)
        before = part
        denied = _denied(said)
        time = _TIME.search(said)
        yield Finding(said, start, start + len(said), part, denied, _degree(said), time[0] if time else "")


def _part(said: str, before: Part) -> Part:
    if _PULSE.search(said):
        return Part.PULSE
    if _TONGUE.search(said):
        return Part.TONGUE
    # “舌质红，少津” goes on with the tongue as long as the words are as short as such words are
    return before if before is Part.TONGUE and len(said) <= 3 else Part.SIGN


def _denied(said: str) -> bool:
    found = _DENIED.match(said)
    return found is not None and not any(said.startswith(word) for word in _NOT_DENIED)


def _degree(said: str) -> str:
    return next((degree for degree, words in _DEGREE if any(word in said for word in words)), "")


def grams(text: str) -> set[str]:
    """The characters and pairs of characters of a text; none over a mark, a digit or a word of the form."""
    bare = re.sub(r"\s", "", text)
    single = {sign for sign in bare if sign not in _STOP}
    pairs = {bare[at : at + 2] for at in range(len(bare) - 1)}
    return single | {pair for pair in pairs if not (pair[0] in _STOP or pair[1] in _STOP)}

"""C-FIND (PS3.4 annex C): a sender's own studies, so that equipment can see what has arrived.

An AE title is a name that anybody can give, so it opens nobody else's images: those are found by DICOMweb, by whoever
signs on. Patients, studies, series and instances can be searched for, with the attributes of QIDO-RS.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydicom.dataset import Dataset
from pydicom.multival import MultiValue

from xinglin.exchange.dicom import facts, finding, matching, queries
from xinglin.exchange.dicom.finding import Level
from xinglin.exchange.dicom.limits import limits
from xinglin.kernel.actor import SYSTEM
from xinglin.kernel.errors import Fault
from xinglin.record import database

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xinglin.exchange.dicom.finding import Found
    from xinglin.exchange.dicom.matching import Asked
    from xinglin.exchange.doors import Sender

PENDING, FAILED, CANCELLED = 0xFF00, 0xC000, 0xFE00
_LEVELS = {"STUDY": Level.STUDIES, "SERIES": Level.SERIES, "IMAGE": Level.INSTANCES}
_ALWAYS = ("00080052", "00080054", "00080005")


def answers(sender: Sender, identifier: Dataset, title: str) -> Iterator[tuple[int, Dataset | None]]:
    """A status and an answer each; the last one is the library's own."""
    level = _LEVELS.get(str(identifier.get("QueryRetrieveLevel", "")))
    if level is None:
        yield FAILED, None
        return
    asked, wanted = _asked(identifier, level)
    shown: set[str] = set()
    found = finding.find(database.connection(), SYSTEM, level, asked, sender=sender.code)
    for number, one in enumerate(found):
        if number >= limits().most:
            break
        if one.study.patient not in shown:
            shown.add(one.study.patient)
            queries.note(sender.actor, "search", one.study, f"C-FIND {level.value} {title}")
        yield PENDING, _answer(one, identifier, wanted)


def _asked(identifier: Dataset, level: Level) -> tuple[list[Asked], list[str]]:
    """What has a value is asked for; what is named is wanted in the answers."""
    asked, wanted = [], []
    for element in identifier:
        tag = f"{int(element.tag):08X}"
        if tag in _ALWAYS or element.tag.is_private:
            continue
        wanted.append(tag)
        value = _text(element.value)
        if value and element.VR != "SQ" and level.knows(tag):
            try:
                asked.append(matching.asked(tag, value))
            except Fault:
                continue  # what cannot be matched is passed over, as PS3.4 C.2.2.1.3 lets it
    return asked, wanted


def _text(value: Any) -> str:
    if isinstance(value, MultiValue | list):
        return "\\".join(map(str, value))
    return "" if value is None else str(value)


def _answer(one: Found, identifier: Dataset, wanted: list[str]) -> Dataset:
    known = {**one.of_study, **one.of_series, **(one.head or {})}
    said = {tag: known.get(tag) or {"vr": identifier[int(tag, 16)].VR} for tag in wanted}
    said = {tag: element for tag, element in said.items() if "BulkDataURI" not in element}
    answer = Dataset.from_json({**facts.UTF8, **said})
    answer.QueryRetrieveLevel = identifier.QueryRetrieveLevel
    return answer

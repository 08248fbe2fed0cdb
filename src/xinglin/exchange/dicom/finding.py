"""A search through studies, series and instances: what QIDO-RS and C-FIND have in common."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from xinglin.exchange.dicom import facts, matching, queries

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from xinglin.exchange.dicom.facts import Facts
    from xinglin.exchange.dicom.matching import Asked
    from xinglin.exchange.dicom.queries import Instance, Series, Study, Sums
    from xinglin.kernel.actor import Actor
    from xinglin.record.database import Connection

_MODALITY, _MODALITIES = "00080060", "00080061"
_OF_STUDIES = frozenset({*facts.STUDY, _MODALITY, _MODALITIES})
_OF_SERIES = frozenset(facts.SERIES)


class Level(StrEnum):
    """What is searched for."""

    STUDIES = "studies"
    SERIES = "series"
    INSTANCES = "instances"

    def knows(self, tag: str) -> bool:
        """Whether an attribute can be asked for at this level."""
        return self is Level.INSTANCES or tag in _OF_STUDIES or (self is Level.SERIES and tag in _OF_SERIES)


@dataclass(frozen=True, slots=True)
class Found:
    """One result: a study, and at lower levels a series and an instance of it. ``head``: the instance's attributes."""

    study: Study
    sums: Sums
    series: Series | None = None
    instance: Instance | None = None
    head: Facts | None = None

    @property
    def of_study(self) -> Facts:
        """The study's attributes, also those that are counted."""
        return {
            **self.study.facts,
            "00080056": of("CS", "ONLINE"),
            "00080061": of("CS", *self.sums.modalities),
            "00080062": of("UI", *self.sums.classes),
            "00201206": of("IS", self.sums.series),
            "00201208": of("IS", self.sums.instances),
        }

    @property
    def of_series(self) -> Facts:
        """The series' attributes; nothing at the level of studies."""
        return {**self.series.facts, "00201209": of("IS", self.series.instances)} if self.series else {}


def find(
    connection: Connection, actor: Actor, level: Level, asked: Sequence[Asked], *, sender: str = ""
) -> Iterator[Found]:
    """What the actor may see and is as asked, the latest first; of one sender alone where that is given."""
    of_study = [one for one in asked if one.tag in facts.STUDY]
    of_series = [one for one in asked if one.tag in _OF_SERIES]
    of_instance = [one for one in asked if one.tag not in _OF_STUDIES and one.tag not in _OF_SERIES]
    for study in queries.studies(connection, actor, asked, sender=sender):
        if not matching.all_fit(of_study, study.facts):
            continue
        sums = queries.sums(connection, [study])[study.number]
        if not _modalities_fit(level, asked, sums):
            continue
        if level is Level.STUDIES:
            yield Found(study, sums)
            continue
        for series in queries.series_of(connection, study):
            if not matching.all_fit(of_series, series.facts):
                continue
            if level is Level.SERIES:
                yield Found(study, sums, series)
                continue
            for instance in queries.instances_of(connection, study, series=series.uid):
                head = instance.head
                if matching.all_fit(of_instance, head):
                    yield Found(study, sums, series, instance, head)


def _modalities_fit(level: Level, asked: Sequence[Asked], sums: Sums) -> bool:
    """Modalities of a study, each a value; a search for studies takes Modality for the same."""
    there = of("CS", *sums.modalities)
    tags = (_MODALITIES, _MODALITY) if level is Level.STUDIES else (_MODALITIES,)
    return all(one.fits({_MODALITIES: there, _MODALITY: there}) for one in asked if one.tag in tags)


def of(vr: str, *values: Any) -> dict[str, Any]:
    """An attribute in DICOM JSON."""
    return {"vr": vr, "Value": list(values)} if values else {"vr": vr}

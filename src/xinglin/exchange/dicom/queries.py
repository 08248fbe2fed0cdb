"""What is asked of the tables: studies, series and instances that an actor may see.

A study is seen by whoever may see its ImagingStudy: the policy's condition stands in every statement, so that one that
is hidden, and one that the record does not know yet, are not found.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from xinglin.exchange.dicom import facts, keys
from xinglin.fhir import definitions
from xinglin.kernel.ids import self_number
from xinglin.record import access, policy, rules
from xinglin.record.policy import scopes
from xinglin.record.search.fragments import Fragment, both

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from xinglin.exchange.dicom.facts import Facts
    from xinglin.exchange.dicom.matching import Asked
    from xinglin.kernel.actor import Actor
    from xinglin.record.database import Connection

IMAGING_STUDY = "ImagingStudy"
_TYPE = definitions.type_number(IMAGING_STUDY)
_PAGE = 200
_NO_DATE = date(1, 1, 1)


@dataclass(frozen=True, slots=True)
class Study:
    """A study as one sender knows it."""

    number: int
    shard: int
    id: str
    sender: str
    uid: str
    patient: str
    date: date | None
    facts: Facts
    receipt: str | None

    @property
    def key(self) -> tuple[int, int]:
        return self.number, self.shard


@dataclass(frozen=True, slots=True)
class Series:
    """A series of a study, with how many instances it has."""

    study: Study
    uid: str
    modality: str
    facts: Facts
    instances: int


@dataclass(frozen=True, slots=True)
class Instance:
    """An instance of a study. ``head`` is opened when it is asked for."""

    study: Study
    series: str
    uid: str
    sop_class: str
    syntax: str
    number: int | None
    frames: int
    digest: bytes
    size: int
    sealed: bytes

    @property
    def head(self) -> Facts:
        """The whole data set without what is long."""
        found: Facts = facts.opened(self.sealed)
        return found


@dataclass(frozen=True, slots=True)
class Sums:
    """What a study has."""

    series: int
    instances: int
    size: int
    modalities: tuple[str, ...]
    classes: tuple[str, ...]


def require(actor: Actor, action: str) -> None:
    """Raise ``forbidden`` unless the actor may read, or search, studies at all."""
    rules.require(actor, rules.READ)
    scopes.require(actor, action, IMAGING_STUDY)


def note(actor: Actor, action: str, study: Study | None, query: str) -> None:
    """Write down that somebody looked."""
    access.note(
        actor, action, type=_TYPE, id=study.id if study else None,
        patient=self_number("Patient", study.patient) if study else None, query=query[:500],
    )  # fmt: skip


def studies(
    connection: Connection,
    actor: Actor,
    asked: Sequence[Asked] = (),
    *,
    sender: str = "",
) -> Iterator[Study]:
    """Those that the actor may see and that may fit, the latest first; what could not be asked here is not checked."""
    conditions = [_seen(actor, connection), *_conditions(asked)]
    if sender:
        conditions.append(Fragment("s.sender = %s", (sender,)))
    where = both(conditions)
    after: tuple[date, int] | None = None
    while True:
        turn = ""
        values: list[Any] = []
        if after is not None:
            turn = (
                " AND (coalesce(s.date, '0001-01-01') < %s OR (coalesce(s.date, '0001-01-01') = %s"
                " AND s.number > %s))"
            )
            values = [after[0], after[0], after[1]]
        rows = connection.execute(
            f"{_SELECT} WHERE {where.sql}{turn}"
            f" ORDER BY coalesce(s.date, '0001-01-01'::date) DESC, s.number LIMIT {_PAGE}",
            [_TYPE, *where.values, *values],
        ).fetchall()
        for row in rows:
            yield _study(row)
        if len(rows) < _PAGE:
            return
        after = (rows[-1][6] or _NO_DATE, rows[-1][0])


def of_uid(connection: Connection, actor: Actor, uid: str) -> list[Study]:
    """The copies of a study that the actor may see; none for one that is not there, or hidden."""
    seen = _seen(actor, connection)
    rows = connection.execute(
        f"{_SELECT} WHERE {seen.sql} AND s.uid = %s ORDER BY s.began, s.number", [_TYPE, *seen.values, uid]
    )
    return [_study(row) for row in rows.fetchall()]


def of_id(connection: Connection, actor: Actor, id_: str) -> Study | None:
    """The study whose ImagingStudy has that id, if the actor may see it."""
    seen = _seen(actor, connection)
    row = connection.execute(
        f"{_SELECT} WHERE {seen.sql} AND s.number = %s AND s.id = %s",
        [_TYPE, *seen.values, self_number(IMAGING_STUDY, id_), id_],
    ).fetchone()
    return _study(row) if row else None


def series_of(connection: Connection, study: Study) -> list[Series]:
    """The series of a study in their order."""
    rows = connection.execute(
        "SELECT r.uid, r.modality, r.facts, (SELECT count(*) FROM exchange_dicom_instance i"
        " WHERE i.study = r.study AND i.shard = r.shard AND i.series = r.uid)"
        " FROM exchange_dicom_series r WHERE study = %s AND shard = %s ORDER BY number NULLS LAST, uid",
        [*study.key],
    )
    return [
        Series(study, uid, modality, facts.opened(sealed), count)
        for uid, modality, sealed, count in rows
        if count
    ]


def instances_of(connection: Connection, study: Study, *, series: str = "", uid: str = "") -> list[Instance]:
    """The instances of a study in their order; of one series, or the one of that UID."""
    conditions = [Fragment("study = %s AND shard = %s", study.key)]
    if series:
        conditions.append(Fragment("series = %s", (series,)))
    if uid:
        conditions.append(Fragment("uid = %s", (uid,)))
    where = both(conditions)
    rows = connection.execute(
        "SELECT series, uid, class, syntax, number, frames, digest, bytes, head FROM exchange_dicom_instance"
        f" WHERE {where.sql} ORDER BY series, number NULLS LAST, uid",
        where.values,
    )
    return [_instance(study, *row) for row in rows.fetchall()]


def sums(connection: Connection, found: Sequence[Study]) -> dict[int, Sums]:
    """What these studies have, by number."""
    numbers = [study.number for study in found]
    rows = connection.execute(
        """
        SELECT i.study, count(DISTINCT i.series), count(*), sum(i.bytes)::bigint, array_agg(DISTINCT i.class),
               (SELECT array_agg(DISTINCT r.modality) FROM exchange_dicom_series r
                WHERE r.study = i.study AND r.modality <> '')
        FROM exchange_dicom_instance i WHERE i.study = ANY(%s) GROUP BY i.study
        """,
        [numbers],
    )
    known = {
        number: Sums(series, count, size, tuple(modalities or ()), tuple(classes))
        for number, series, count, size, classes, modalities in rows
    }
    return {number: known.get(number, Sums(0, 0, 0, (), ())) for number in numbers}


_SELECT = (
    "SELECT s.number, s.shard, s.id, s.sender, s.uid, s.patient, s.date, s.facts, s.receipt"
    " FROM exchange_dicom_study s JOIN record_resource r ON r.self = s.number AND r.shard = s.shard AND r.type = %s"
)


def _study(row: Sequence[Any]) -> Study:
    number, shard, id_, sender, uid, patient, day, sealed, receipt = row
    return Study(number, shard, id_, sender, uid, patient, day, facts.opened(sealed), receipt)


def _instance(study: Study, series: str, uid: str, *rest: Any) -> Instance:
    class_, syntax, number, frames, digest, size, head = rest
    return Instance(study, series, uid, class_, syntax, number, frames, bytes(digest), size, bytes(head))


def _seen(actor: Actor, connection: Connection) -> Fragment:
    seen = policy.access_of(actor, connection)
    found = seen("r", (IMAGING_STUDY,)) if seen else None
    return Fragment(f"({found[0]})", tuple(found[1])) if found else Fragment("true")


def _conditions(asked: Sequence[Asked]) -> Iterator[Fragment]:
    """What the tables can tell by themselves of what is asked."""
    for one in asked:
        if not one.value:
            continue
        if one.tag in keys.NUMBERS and not set("*?") & set(one.value):
            yield Fragment("s.keys @> %s", ([keys.number(one.tag, one.value)],))
        elif one.tag == keys.NAME and (key := keys.beginning(one.value)) is not None:
            yield Fragment("s.keys @> %s", ([key],))
        elif one.tag == "0020000D":
            yield Fragment("s.uid = ANY(%s)", (list(one.values),))
        elif one.tag in ("00080061", "00080060") and not set("*?") & set(one.value):
            yield _modality([one.value])
        elif one.tag == "00080020":
            yield from _dates(one.value)
        elif one.tag in ("0020000E", "00080018"):
            column = "series" if one.tag == "0020000E" else "uid"
            yield Fragment(
                f"EXISTS (SELECT FROM exchange_dicom_instance i WHERE i.study = s.number AND i.{column} = ANY(%s))",
                (list(one.values),),
            )


def _modality(wanted: list[str]) -> Fragment:
    return Fragment(
        "EXISTS (SELECT FROM exchange_dicom_series m WHERE m.study = s.number AND m.shard = s.shard"
        " AND m.modality = ANY(%s))",
        (wanted,),
    )


def _dates(value: str) -> Iterator[Fragment]:
    first, hyphen, last = value.partition("-")
    for text, sign in ((first, ">=" if hyphen else "="), (last, "<=")):
        if text:
            try:
                wanted = datetime.strptime(text, "%Y%m%d").date()  # noqa: DTZ007 -- a date has no zone
            except ValueError:
                continue
            yield Fragment(f"s.date {sign} %s", (wanted,))


@dataclass(frozen=True, slots=True)
class Arrival:
    """An association or a request."""

    number: int
    sender: str
    way: str
    title: str
    address: str
    began: datetime
    ended: datetime | None
    stored: int
    repeated: int
    held: int
    refused: int
    bytes: int


def arrivals(connection: Connection, *, before: int | None = None, limit: int = 100) -> list[Arrival]:
    """The latest first; further pages ask ``before`` the number of the last."""
    rows = connection.execute(
        "SELECT number, sender, way, title, address, began, ended, stored, repeated, held, refused, bytes"
        " FROM exchange_dicom_arrival WHERE %s::bigint IS NULL OR number < %s ORDER BY number DESC LIMIT %s",
        [before, before, limit],
    )
    return [Arrival(*row) for row in rows]

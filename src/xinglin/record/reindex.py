"""Building the index of what is stored anew, while others read and write.

A search parameter that is added indexes new versions at once; those stored before get their entries from a
job, which goes through each type by version number, some hundred rows to a transaction. A row that is replaced
meanwhile is left alone: whoever replaced it has made its entries. Until a type is done, a search by the
parameter warns that its index is being built.
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from xinglin.fhir import definitions
from xinglin.kernel import clock
from xinglin.kernel.errors import Issue, not_found
from xinglin.kernel.ids import ceil_vid, floor_vid, moment_of
from xinglin.record import database, drafts, jobs, packing, parameters, rows, rules, texts
from xinglin.record.search.criteria import Chain, Has, Match

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from xinglin.kernel.actor import Actor
    from xinglin.record.database import Connection
    from xinglin.record.drafts import Draft
    from xinglin.record.jobs import Job
    from xinglin.record.search import Page
    from xinglin.record.search.criteria import Criterion

KIND = "reindex"
_ROWS = 500
# Every process looks for new parameters in this time, and has begun to write what it prepared by old ones.
_GRACE_SECONDS = 10.0

Side = set[tuple[Any, ...]]


# -- asking


def unbuilt() -> dict[str, dict[int, int]]:
    """Added parameters that older rows are not indexed by: url → type → version number of its definition."""
    found: dict[str, dict[int, int]] = {}
    connection = database.connection()
    for url, type_, vid in parameters.added():
        row = connection.execute(
            "SELECT NOT EXISTS (SELECT FROM record_indexed WHERE type = %(type)s AND url = %(url)s AND vid >= %(vid)s)"
            " AND EXISTS (SELECT FROM record_resource WHERE type = %(type)s AND vid < %(safe)s)",
            {"type": type_, "url": url, "vid": vid, "safe": floor_vid(_safe_from(vid))},
        ).fetchone()
        if row == (True,):
            found.setdefault(url, {})[type_] = vid
    return found


def _safe_from(vid: int) -> int:
    """Milliseconds since 1970 from which every process writes with the parameter that ``vid`` defines."""
    return moment_of(vid) + round(1000 * _GRACE_SECONDS)


def ask(actor: Actor, *, url: str | None = None, everything: bool = False) -> Job:
    """Begin to build what is not built: of one parameter, of all, or (``everything``) of all resources anew.

    If a job of this kind goes on already, that is the answer. Raises ``not_found`` for an unknown parameter.
    """
    rules.require(actor, rules.BULK)
    going_on = next((job for job in jobs.latest(KIND) if job.unfinished), None)
    if going_on is not None:
        return going_on
    parameters.look_again()
    added = parameters.added()
    if url is not None and url not in {known for known, _, _ in added}:
        raise not_found("No active SearchParameter that adds to R4's has the url %(url)s.", url=url)
    wanted = unbuilt()
    if everything:
        marks = list(added)
        types = list(range(1, len(definitions.RESOURCE_TYPES) + 1))
    else:
        marks = [(u, t, v) for u, by_type in wanted.items() if url in (None, u) for t, v in by_type.items()]
        types = sorted({type_ for _, type_, _ in marks})
    return jobs.ask(KIND, {"types": types, "marks": [list(mark) for mark in marks]}, actor)


def status() -> Job | None:
    """The last job, None if there never was one."""
    return next(iter(jobs.latest(KIND, 1)), None)


def warned(page: Page) -> Page:
    """The page with a warning for each parameter asked for whose index is not whole yet."""
    urls = {url for url, _, _ in parameters.added()}
    asked = {p.url: p for p in _parameters(page.query.criteria) if p.url in urls} if urls else {}
    missing = unbuilt() if asked else {}
    issues = [_warning(parameter.code) for url, parameter in asked.items() if url in missing]
    return replace(page, warnings=(*page.warnings, *issues)) if issues else page


def _parameters(criteria: Iterable[Criterion]) -> Iterator[Any]:
    for criterion in criteria:
        if isinstance(criterion, Match):
            yield criterion.parameter
        elif isinstance(criterion, Has):
            yield from _parameters([criterion.criterion])
        elif isinstance(criterion, Chain):
            yield from _parameters([link.criterion for link in criterion.links])


def _warning(code: str) -> Issue:
    job = status()
    if job is not None and job.unfinished:
        total = max(job.progress.get("total", 0), 1)
        percent = min(100 * job.progress.get("done", 0) // total, 99)
        text = "The index for %(code)s is being built: %(percent)d %%. Until then, older resources may be missing."
        return Issue("incomplete", text, {"code": code, "percent": percent}, severity="warning")
    text = (
        "The index for %(code)s is not built for what was stored before it: ask for SearchParameter/$reindex."
    )
    return Issue("incomplete", text, {"code": code}, severity="warning")


# -- working


def _work(job: Job, tell: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
    """Go through the types; taken up again, from where the former try had come to."""
    parameters.look_again()
    marks = [(url, type_, vid) for url, type_, vid in job.request["marks"]]
    progress = dict(job.progress)
    if not progress:
        await_writers(max((_safe_from(vid) for _, _, vid in marks), default=0))
        progress = {"type": 0, "after": 0, "until": ceil_vid(clock.milliseconds()), "done": 0}
        progress["total"] = _count(job.request["types"])
        tell(progress)
    begun, before = time.monotonic(), progress["done"]
    for type_ in job.request["types"]:
        if type_ < progress["type"]:
            continue
        reached = progress["after"] if type_ == progress["type"] else 0
        for after, count in _pass(type_, reached, progress["until"]):
            progress |= {"type": type_, "after": after, "done": progress["done"] + count}
            progress["rate"] = round((progress["done"] - before) / max(time.monotonic() - begun, 0.001))
            tell(progress)
        _mark([mark for mark in marks if mark[1] == type_])
    return {"done": progress["done"]}


def await_writers(moment: int = 0) -> None:
    """Return when every process writes by the parameters of now, and no earlier transaction is running.

    ``moment``: when the processes have all seen them, in milliseconds since 1970.
    """
    time.sleep(max(moment - clock.milliseconds(), 0) / 1000)
    connection = database.connection()
    before = connection.execute("SELECT xmax FROM record_snapshot()").fetchone()
    assert before is not None
    while connection.execute("SELECT xmin < %s FROM record_snapshot()", before).fetchone() == (True,):
        time.sleep(0.2)


def _count(types: Sequence[int]) -> int:
    row = (
        database.connection()
        .execute("SELECT count(*) FROM record_resource WHERE type = ANY(%s)", [list(types)])
        .fetchone()
    )
    return int(row[0]) if row else 0


def _pass(type_: int, after: int, until: int) -> Iterator[tuple[int, int]]:
    """Rebuild the rows of a type with a version number in (after, until]; tells how far it is, and how many."""
    connection = database.connection()
    while True:
        found = connection.execute(
            "SELECT id, version, vid, patient, date, tokens, body FROM record_resource"
            " WHERE type = %s AND vid > %s AND vid <= %s ORDER BY vid LIMIT %s",
            [type_, after, until, _ROWS],
            binary=True,
        ).fetchall()
        if not found:
            return
        _rebuild(connection, [_draft(type_, row) for row in found], {row[2]: row[3:6] for row in found})
        after = found[-1][2]
        yield after, len(found)


def _draft(type_: int, row: Sequence[Any]) -> Draft:
    id_, version, vid, *_, body = row
    type_name = definitions.type_name(type_)
    draft = drafts.named(type_name, id_, packing.parsed(type_name, packing.unpack(body)))
    draft.version, draft.vid = version, vid
    drafts.index(draft)
    return draft


def _rebuild(connection: Connection, found: Sequence[Draft], old: dict[int, Sequence[Any]]) -> None:
    """Write the entries that differ from what there is, of rows that are still the living ones."""
    vids = [draft.vid for draft in found]
    ranges = _side(connection, "SELECT vid, key, unit, lo, hi FROM record_range WHERE vid = ANY(%s)", vids)
    strings = _side(connection, "SELECT vid, key, value FROM record_string WHERE vid = ANY(%s)", vids)
    differing = {
        draft.vid: draft
        for draft in found
        if (draft.patient, draft.date, set(draft.tokens)) != (*old[draft.vid][:2], set(old[draft.vid][2]))
        or set(draft.ranges) != ranges.get(draft.vid, set())
        or set(draft.strings) != strings.get(draft.vid, set())
    }
    if not differing:
        return
    texts.learn()
    with connection.transaction():
        living = connection.execute(  # in the order in which writers lock rows
            "SELECT vid FROM record_resource WHERE self = ANY(%s) AND shard = ANY(%s) AND vid = ANY(%s)"
            " ORDER BY self FOR UPDATE",
            [
                [d.number for d in differing.values()],
                list({d.shard for d in differing.values()}),
                list(differing),
            ],
        ).fetchall()
        _replace(connection, [differing[vid] for (vid,) in living])


def _side(connection: Connection, statement: str, vids: Sequence[int]) -> dict[int, Side]:
    found: dict[int, Side] = {}
    for vid, *row in connection.execute(statement, [list(vids)], binary=True):
        found.setdefault(vid, set()).add(tuple(row))
    return found


def _replace(connection: Connection, living: Sequence[Draft]) -> None:
    """Put the drafts' entries in the place of those that are there."""
    vids = [draft.vid for draft in living]
    with connection.cursor() as cursor:
        cursor.executemany(
            "UPDATE record_resource SET tokens = %s, date = %s, patient = %s WHERE self = %s AND shard = %s",
            [(d.tokens, d.date, d.patient, d.number, d.shard) for d in living],
        )
    connection.execute("DELETE FROM record_range WHERE vid = ANY(%s)", [vids])
    connection.execute("DELETE FROM record_string WHERE vid = ANY(%s)", [vids])
    rows.copy(connection, rows.RANGE, [row for draft in living for row in rows.ranges(draft)])
    rows.copy(connection, rows.STRING, [row for draft in living for row in rows.strings(draft)])


def _mark(marks: Sequence[tuple[str, int, int]]) -> None:
    """Say that these parameters are built."""
    with database.connection().cursor() as cursor:
        cursor.executemany(
            "INSERT INTO record_indexed (url, type, vid) VALUES (%s, %s, %s)"
            " ON CONFLICT (type, url) DO UPDATE SET vid = greatest(record_indexed.vid, excluded.vid)",
            list(marks),
        )


jobs.offer(KIND, _work)

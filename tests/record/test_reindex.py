"""Search parameters that are added: in force at once for what is new, built for what is old, while others write."""

from __future__ import annotations

import io
import threading
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from django.core.management import CommandError, call_command

from tests import make
from xinglin.fhir import definitions
from xinglin.kernel.actor import SYSTEM, Actor
from xinglin.kernel.errors import Fault, Kind
from xinglin.record import database, jobs, parameters, reindex

if TYPE_CHECKING:
    from xinglin.record.door import Door
    from xinglin.record.search import Page

URL = "https://example.org/SearchParameter/observation-note"


@pytest.fixture(autouse=True)
def _no_grace(monkeypatch: pytest.MonkeyPatch) -> None:
    """There is no other process that would have to hear of a new parameter."""
    monkeypatch.setattr(reindex, "_GRACE_SECONDS", 0.0)


def parameter(code: str = "note", **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "SearchParameter", "id": code, "url": f"https://example.org/SearchParameter/observation-{code}",
        "name": code, "status": "active", "description": code, "code": code, "base": ["Observation"],
        "type": "string", "expression": "Observation.note.text", **more,
    }  # fmt: skip


def define(door: Door, resource: dict[str, Any]) -> None:
    door.update(resource)
    parameters.look_again()


def noted(text: str, **more: Any) -> dict[str, Any]:
    return make.observation(note=[{"text": text}], **more)


def ids(page: Page) -> list[str]:
    return sorted(entry.stored.id for entry in page.entries)


def warnings(page: Page) -> list[str]:
    return [issue.text for issue in page.warnings]


def built(url: str | None = None, *, everything: bool = False) -> jobs.Job:
    done = jobs.work(reindex.ask(SYSTEM, url=url, everything=everything).id)
    assert (done.state, done.result) == ("done", {"done": done.progress["done"]})
    return done


def test_a_parameter_is_unknown_until_it_is_stored_and_after_it_is_deleted(door: Door) -> None:
    for change in (lambda: None, lambda: door.delete("SearchParameter", "note")):
        change()
        parameters.look_again()
        with pytest.raises(Fault) as caught:
            door.search("Observation", [("note", "空腹")])
        assert caught.value.kind is Kind.INVALID
        define(door, parameter())
        assert ids(door.search("Observation", [("note", "空腹")])) == []


def test_new_resources_are_found_at_once_and_older_ones_after_the_reindex(door: Door) -> None:
    door.update(noted("空腹", id="old"))
    define(door, parameter())
    door.update(noted("空腹八小时", id="new"))

    before = door.search("Observation", [("note", "空腹")])
    job = built()
    after = door.search("Observation", [("note", "空腹")])

    assert ids(before) == ["new"]
    assert warnings(before) == [
        "The index for note is not built for what was stored before it: ask for SearchParameter/$reindex."
    ]
    assert (ids(after), warnings(after)) == (["new", "old"], [])
    assert (job.progress["done"], job.progress["total"]) == (2, 2)


def test_a_parameter_over_nothing_older_needs_no_building(door: Door) -> None:
    define(door, parameter())
    door.update(noted("空腹", id="new"))

    assert warnings(door.search("Observation", [("note", "空腹")])) == []
    assert reindex.unbuilt() == {}


def test_a_parameter_that_is_changed_must_be_built_again(door: Door) -> None:
    door.update(noted("空腹", id="old", method={"text": "指尖血"}))
    define(door, parameter())
    built()
    define(door, parameter(expression="Observation.method.text"))

    assert ids(door.search("Observation", [("note", "指尖血")])) == []
    built()

    page = door.search("Observation", [("note", "指尖血")])
    assert (ids(page), warnings(page)) == (["old"], [])


@pytest.mark.parametrize(
    ("type_", "expression", "value"),
    [
        ("token", "Observation.interpretation", "m1"),
        ("quantity", "Observation.referenceRange.high", "7"),
        ("date", "Observation.note.time", "2024-05"),
        ("reference", "Observation.note.author", "Patient/p"),
    ],
)
def test_parameters_of_other_types_are_built_too(door: Door, type_: str, expression: str, value: str) -> None:
    door.update(make.patient(id="p"))
    note = {"text": "x", "time": "2024-05-01T08:00:00+08:00", "authorReference": {"reference": "Patient/p"}}
    door.update(
        make.observation(
            id="old",
            note=[note],
            interpretation=[{"coding": [{"code": "m1"}]}],
            referenceRange=[{"high": {"value": 7}}],
        )
    )
    define(door, parameter("added", type=type_, expression=expression))

    assert ids(door.search("Observation", [("added", value)])) == []
    built()

    assert ids(door.search("Observation", [("added", value)])) == ["old"]


def test_everything_is_rebuilt_to_what_writing_makes(door: Door) -> None:
    door.update(make.patient(id="p"))
    for number in range(20):
        door.update(noted(f"第{number}次", id=f"o{number}", subject="Patient/p"))
    connection = database.connection()
    whole = entries()
    connection.execute("UPDATE record_resource SET tokens = '{1}', date = 0, patient = 0 WHERE id <> 'o3'")
    connection.execute("DELETE FROM record_range WHERE lo < 7")
    connection.execute("INSERT INTO record_string SELECT vid, 1, shard, 'stray' FROM record_resource")

    job = built(everything=True)

    assert entries() == whole
    assert job.progress["done"] == 21
    versions = connection.execute("SELECT DISTINCT version FROM record_resource").fetchall()
    assert versions == [(1,)]  # no new versions: only the index has changed


def entries() -> list[set[tuple[Any, ...]]]:
    """All index entries, tokens apart."""
    return [
        set(database.connection().execute(statement).fetchall())
        for statement in (
            "SELECT vid, date, patient, t FROM record_resource, unnest(tokens) t",
            "SELECT * FROM record_range",
            "SELECT * FROM record_string",
        )
    ]


def test_a_job_that_was_stopped_goes_on_where_it_was(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reindex, "_ROWS", 3)
    for number in range(10):
        door.update(noted("空腹", id=f"o{number}"))
    define(door, parameter())
    job = reindex.ask(SYSTEM)
    told: list[int] = []

    def stop(progress: dict[str, Any]) -> None:
        database.connection().execute(
            "UPDATE record_job SET progress = %s, state = 'running'", [psycopg.types.json.Jsonb(progress)]
        )
        told.append(progress["done"])
        if progress["done"] == 6:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        reindex._work(job, stop)
    page = door.search("Observation", [("note", "空腹")])
    assert told == [0, 3, 6]
    assert (len(page.entries), warnings(page)) == (
        6, ["The index for note is being built: 60 %. Until then, older resources may be missing."],
    )  # fmt: skip

    assert reindex.ask(SYSTEM).id == job.id
    done = jobs.work(job.id)

    assert (done.state, done.progress["done"]) == ("done", 10)
    assert len(door.search("Observation", [("note", "空腹")]).entries) == 10


def test_a_reindex_beside_writers_leaves_every_row_as_writing_makes_it(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reindex, "_ROWS", 7)
    for number in range(60):
        door.update(noted("一", id=f"o{number}"))
    define(door, parameter())
    ended = threading.Event()
    failed: list[Exception] = []

    def keep_writing(text: str, start: int) -> None:
        number = start
        try:
            while not ended.is_set():
                door.update(noted(f"{text}{number}", id=f"o{number % 60}"))
                number += 1
        except Exception as error:  # noqa: BLE001 -- told to the test
            failed.append(error)
        finally:
            database.close()

    writers = [
        threading.Thread(target=keep_writing, args=(text, start)) for text, start in (("二", 0), ("三", 30))
    ]
    for writer in writers:
        writer.start()
    try:
        built()
    finally:
        ended.set()
        for writer in writers:
            writer.join()

    assert failed == []
    found = [door.search("Observation", [("note", text), ("_count", "1000")]) for text in "一二三"]
    assert sorted(id_ for page in found for id_ in ids(page)) == sorted(f"o{number}" for number in range(60))
    whole = entries()
    built(everything=True)
    assert entries()[0] == whole[0]
    living = "SELECT vid, key, value FROM record_string JOIN record_resource USING (vid)"
    rows = database.connection().execute(living).fetchall()
    assert len(rows) == len(set(rows))


def test_a_parameter_that_cannot_be_compiled_is_not_in_force_and_stops_nobody(door: Door) -> None:
    define(door, parameter(expression="Observation.note.text.("))

    door.update(noted("空腹", id="new"))

    assert parameters.added() == ()
    with pytest.raises(Fault) as caught:
        door.search("Observation", [("note", "空腹")])
    assert caught.value.kind is Kind.INVALID


def test_only_who_may_work_in_bulk_may_reindex(door: Door) -> None:
    with pytest.raises(Fault) as caught:
        reindex.ask(Actor(id="n", name="Nurse", roles=frozenset({"nurse"})))

    assert caught.value.kind is Kind.FORBIDDEN
    assert jobs.latest(reindex.KIND) == []


def test_an_unknown_parameter_cannot_be_built(door: Door) -> None:
    with pytest.raises(CommandError, match="No active SearchParameter"):
        call_command("reindex", "https://example.org/none")

    assert jobs.latest(reindex.KIND) == []


def test_the_command_builds_and_says_how_far_it_is(door: Door) -> None:
    door.update(noted("空腹", id="old"))
    define(door, parameter())

    def said(*arguments: str) -> list[str]:
        out = io.StringIO()
        call_command("reindex", *arguments, stdout=out)
        return out.getvalue().splitlines()

    assert said("--status") == ["Nothing has been indexed anew yet.", f"Not built: {URL}"]
    assert said(URL)[-1].startswith("done: 100 %, 1 of 1 resources")
    assert len(said("--status")) == 1
    assert definitions.type_number("Observation") in dict(
        database.connection().execute("SELECT type, url FROM record_indexed").fetchall()
    )

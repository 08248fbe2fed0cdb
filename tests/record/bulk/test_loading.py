"""Loading: what is taken, what is refused, and going on after a stop."""

from __future__ import annotations

import gzip
import io
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from django.core.management import call_command

from tests import make
from xinglin.record import database
from xinglin.record.bulk import loading, sources
from xinglin.record.bulk.loading import Options, Tally

if TYPE_CHECKING:
    from collections.abc import Iterable

pytestmark = pytest.mark.usefixtures("emptied")

XINGLIN = Path(sys.executable).parent / "xinglin"


def ndjson(path: Path, resources: Iterable[dict[str, Any]]) -> Path:
    text = "".join(json.dumps(resource) + "\n" for resource in resources).encode()
    path.write_bytes(gzip.compress(text) if path.suffix == ".gz" else text)
    return path


def load(*paths: Path, **options: Any) -> Tally:
    found = sources.find(map(str, paths), but=options.get("refused"))
    return loading.load(found, Options(**options), lambda _: None)


def refusals(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def rows(statement: str) -> list[Any]:
    return [value for (value,) in database.connection().execute(statement)]


def living() -> int:
    return int(rows("SELECT count(*) FROM record_resource")[0])


def observations(count: int) -> list[dict[str, Any]]:
    return [make.observation(value=number + 0.5) for number in range(count)]


def test_lines_with_an_id_are_updates_and_those_without_are_creates(tmp_path: Path) -> None:
    path = ndjson(
        tmp_path / "a.ndjson",
        [make.patient(id="p"), make.observation("Patient/p"), make.patient("李", id="p")],
    )

    tally = load(path)

    assert tally.stored == Counter(Patient=2, Observation=1)
    assert rows("SELECT version FROM record_resource WHERE id = 'p'") == [2]
    assert living() == 2


def test_a_directory_is_searched_through_and_gzip_is_opened(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    ndjson(tmp_path / "deep" / "a.ndjson.gz", observations(3))
    (tmp_path / "b.json").write_text(json.dumps(make.patient(), indent=2))
    (tmp_path / "notes.txt").write_text("not FHIR")

    assert load(tmp_path).stored == Counter(Observation=3, Patient=1)


def test_a_batch_does_as_its_entries_say_each_by_itself(tmp_path: Path) -> None:
    bundle = make.transaction(
        make.entry(make.patient(id="a"), "PUT", "Patient/a"),
        make.entry({"resourceType": "Patient", "gender": "nonsense"}, "POST", "Patient"),
        make.entry(None, "GET", "Patient/a"),
        make.entry(make.patient(identifier=[{"value": "1"}]), "POST", "Patient", ifNoneExist="identifier=1"),
        make.entry(make.patient(identifier=[{"value": "1"}]), "POST", "Patient", ifNoneExist="identifier=1"),
    ) | {"type": "batch"}
    (tmp_path / "batch.json").write_text(json.dumps(bundle))

    tally = load(tmp_path / "batch.json", refused=tmp_path / "refused.ndjson")

    assert (tally.stored, tally.unchanged, tally.refused) == (Counter(Patient=2), 1, 1)
    (refused,) = refusals(tmp_path / "refused.ndjson")
    assert refused["entry"] == 1
    assert refused["resource"] == bundle["entry"][1]
    assert [issue["expression"] for issue in refused["issue"]] == ["Patient.gender"]


def test_a_collection_is_taken_as_resources_whose_names_are_linked(tmp_path: Path) -> None:
    name = "urn:uuid:8a6f0f0c-3b9c-4f9a-9a59-0d2b6a1f7a11"
    bundle = {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [{"resource": make.observation(name)}, {"fullUrl": name, "resource": make.patient(id="p")}],
    }
    (tmp_path / "collection.json").write_text(json.dumps(bundle))

    assert load(tmp_path).stored == Counter(Observation=1, Patient=1)
    number = rows("SELECT self FROM record_resource WHERE id = 'p'")
    assert rows("SELECT patient FROM record_resource") == number * 2


def test_a_transaction_is_taken_whole_or_refused_whole(tmp_path: Path) -> None:
    bundle = make.transaction(
        make.entry(make.patient(), "POST", "Patient"),
        make.entry(make.observation(status="nonsense"), "POST", "Observation"),
    )
    path = ndjson(tmp_path / "a.ndjson", [bundle, make.patient()])

    tally = load(path, refused=tmp_path / "refused.ndjson")

    assert (tally.stored, tally.refused, living()) == (Counter(Patient=1), 1, 1)
    (refused,) = refusals(tmp_path / "refused.ndjson")
    assert (refused["line"], refused["resource"]) == (1, bundle)
    assert refused["issue"][0]["expression"] == "Bundle.entry[1].resource.status"


def test_a_document_is_stored_as_the_bundle_it_is(tmp_path: Path) -> None:
    composition = {
        "resourceType": "Composition", "status": "final", "type": {"text": "小结"}, "date": "2024-05-01",
        "author": [{"display": "王医生"}], "title": "出院小结",
    }  # fmt: skip
    bundle = {
        "resourceType": "Bundle", "type": "document", "timestamp": "2024-05-01T08:00:00+08:00",
        "identifier": {"system": "urn:ietf:rfc:3986", "value": "urn:uuid:8a6f0f0c-3b9c-4f9a-9a59-0d2b6a1f7a11"},
        "entry": [{"fullUrl": "urn:uuid:0d2b6a1f-3b9c-4f9a-9a59-8a6f0f0c7a11", "resource": composition}],
    }  # fmt: skip
    (tmp_path / "document.json").write_text(json.dumps(bundle))

    assert load(tmp_path).stored == Counter(Bundle=1)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('{"resourceType": "Patient",', "The body is not valid JSON"),
        ('{"resourceType": "Pateint"}', "resourceType is 'Pateint'"),
        ("[1, 2]", "resourceType is None"),
        ('{"resourceType": "Patient", "name": "Zhang"}', "Patient.name can be repeated"),
        ('{"resourceType": "Bundle", "type": "history"}', "reports what has happened"),
    ],
)
def test_a_bad_line_is_refused_alone_with_its_place_and_reason(tmp_path: Path, line: str, said: str) -> None:
    path = tmp_path / "a.ndjson"
    path.write_text(f"{json.dumps(make.patient())}\n\n{line}\n{json.dumps(make.patient())}\n")

    tally = load(path, refused=tmp_path / "refused.ndjson")

    assert (tally.stored, tally.refused, living()) == (Counter(Patient=2), 1, 2)
    (refused,) = refusals(tmp_path / "refused.ndjson")
    assert (refused["source"], refused["line"]) == (str(path), 3)
    assert said in refused["issue"][0]["diagnostics"]


def test_what_is_referred_to_may_come_later_and_from_another_file(tmp_path: Path) -> None:
    ndjson(tmp_path / "a.ndjson", [make.observation(f"Patient/p{n}") for n in range(30)])
    ndjson(tmp_path / "b.ndjson", [make.patient(id=f"p{n}", generalPractitioner=[{"reference": "Practitioner/d"}])
                                   for n in range(30)])  # fmt: skip
    (tmp_path / "c.json").write_text(json.dumps({"resourceType": "Practitioner", "id": "d"}))

    tally = load(tmp_path / "a.ndjson", tmp_path / "b.ndjson", tmp_path / "c.json", batch=7)

    assert (tally.refused, living()) == (0, 61)


def test_a_circle_of_references_between_files_is_closed(tmp_path: Path) -> None:
    encounter = {
        "resourceType": "Encounter", "id": "e", "status": "finished",
        "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"},
        "diagnosis": [{"condition": {"reference": "Condition/c"}}],
    }  # fmt: skip
    condition = {
        "resourceType": "Condition", "id": "c", "subject": {"reference": "Patient/p"},
        "encounter": {"reference": "Encounter/e"},
    }  # fmt: skip
    ndjson(tmp_path / "a.ndjson", [make.patient(id="p"), encounter])
    ndjson(tmp_path / "b.ndjson", [condition])

    assert (load(tmp_path).refused, living()) == (0, 3)


def test_dangling_references_are_refused_or_kept(tmp_path: Path) -> None:
    path = ndjson(tmp_path / "a.ndjson", [make.observation("Patient/nobody"), make.patient()])

    first = load(path, refused=tmp_path / "refused.ndjson")
    assert (first.refused, living()) == (1, 1)
    assert (
        refusals(tmp_path / "refused.ndjson")[0]["issue"][0]["expression"] == "Observation.subject.reference"
    )

    second = load(path, integrity=False, refused=tmp_path / "refused.ndjson")
    assert (second.stored, second.refused, living()) == (Counter(Observation=1), 0, 2)
    assert not (tmp_path / "refused.ndjson").exists()


def test_a_second_load_takes_only_what_is_left(tmp_path: Path) -> None:
    path = ndjson(
        tmp_path / "a.ndjson", [*observations(20), make.observation("Patient/p"), {"resourceType": "X"}]
    )
    (tmp_path / "b.json").write_text(
        json.dumps(make.transaction(make.entry(make.patient(), "POST", "Patient")))
    )
    assert load(tmp_path, batch=6).refused == 2
    ndjson(tmp_path / "0.ndjson", [make.patient(id="p")])

    tally = load(tmp_path, batch=4)

    assert (tally.stored, tally.refused, tally.earlier) == (Counter(Patient=1, Observation=1), 1, 1)
    assert living() == 23
    path.write_text(path.read_text() + json.dumps(make.patient()) + "\n")
    assert load(path).stored.total() == 23 - 2 + 1  # another content is another source


def test_again_loads_what_has_been_loaded(tmp_path: Path) -> None:
    path = ndjson(tmp_path / "a.ndjson", observations(3))

    assert [load(path).stored.total(), load(path).stored.total(), load(path, again=True).stored.total()] == [
        3,
        0,
        3,
    ]


def test_an_update_that_changes_nothing_is_counted_as_unchanged(tmp_path: Path) -> None:
    ndjson(tmp_path / "a.ndjson", [make.patient(id="p")])
    ndjson(tmp_path / "b.ndjson", [make.patient(id="p"), make.patient(id="q")])

    tally = load(tmp_path)

    assert (tally.stored, tally.unchanged) == (Counter(Patient=2), 1)


def test_the_standard_input_is_remembered_by_its_lines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = gzip.compress(b"".join(json.dumps(r).encode() + b"\n" for r in observations(10)))

    def given() -> None:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BufferedReader(io.BytesIO(text))))

    given()
    assert load(Path("-"), batch=4).stored.total() == 10
    given()
    assert load(Path("-"), batch=4).stored.total() == 0
    assert living() == 10


def test_the_command_says_what_it_did_and_fails_when_something_was_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = ndjson(tmp_path / "a.ndjson", [make.patient(), {"resourceType": "Patient", "gender": "x"}])
    out = io.StringIO()

    with pytest.raises(SystemExit) as caught:
        call_command("load", str(path), processes=1, refused=tmp_path / "refused.ndjson", stdout=out)

    assert caught.value.code == 1
    lines = [line.split(maxsplit=1) for line in out.getvalue().splitlines()]
    assert lines[0] == ["1", "Patient"]
    assert lines[-1] == ["1", f"refused: see {tmp_path / 'refused.ndjson'}"]
    assert capsys.readouterr().err == ""


def test_a_load_that_was_killed_goes_on_without_doubling(tmp_path: Path) -> None:
    count = 6_000
    path = ndjson(tmp_path / "a.ndjson.gz", observations(count))
    url = database.target()
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST_")} | {"DATABASE_URL": url}
    command = [
        XINGLIN,
        "load",
        str(path),
        "--processes",
        "2",
        "--batch",
        "50",
        "--refused",
        str(tmp_path / "r"),
    ]

    running = subprocess.Popen(command, env=environment, start_new_session=True, stdout=subprocess.DEVNULL)
    while living() < 500 and running.poll() is None:
        time.sleep(0.02)
    os.killpg(running.pid, signal.SIGKILL)
    running.wait()
    stopped_at = living()
    assert 500 <= stopped_at < count

    done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)

    assert living() == count
    assert f"{count - stopped_at:,}  Observation" in done.stdout
    values = rows("SELECT count(DISTINCT lo) FROM record_range")
    assert values == [count]


def test_of_several_transactions_stored_together_each_is_taken_or_refused_by_itself(tmp_path: Path) -> None:
    name = (
        "urn:uuid:8a6f0f0c-3b9c-4f9a-9a59-0d2b6a1f7a11"  # the same in each: names count within their bundle
    )

    def visit(number: int, status: str) -> dict[str, Any]:
        return make.transaction(
            make.entry(make.patient(str(number)), "POST", "Patient", name=name),
            make.entry(make.observation(name, status=status), "POST", "Observation"),
            make.entry(make.patient(id=f"p{number}"), "PUT", f"Patient/p{number}"),
        )

    bundles = [visit(n, "nonsense" if n in (2, 5) else "final") for n in range(7)]
    unnamed = [{**b, "entry": b["entry"][2:]} for b in bundles]
    path = ndjson(tmp_path / "a.ndjson", [*bundles, *unnamed])

    tally = load(path, refused=tmp_path / "refused.ndjson")

    assert (tally.stored, tally.refused) == (Counter(Patient=12, Observation=5), 2)
    assert tally.unchanged == 5
    assert [(r["line"], r["issue"][0]["expression"]) for r in refusals(tmp_path / "refused.ndjson")] == [
        (3, "Bundle.entry[1].resource.status"), (6, "Bundle.entry[1].resource.status"),
    ]  # fmt: skip
    linked = "SELECT count(*) FROM record_resource o JOIN record_resource p ON p.self = o.patient"
    assert rows(f"{linked} WHERE o.type <> p.type") == [5]


def test_transactions_without_common_names_are_refused_by_themselves_too(tmp_path: Path) -> None:
    bundles = [
        make.transaction(
            make.entry(make.patient(id=f"p{n}", gender="x" if n == 3 else "male"), "PUT", f"Patient/p{n}")
        )
        for n in range(6)
    ]

    tally = load(ndjson(tmp_path / "a.ndjson", bundles), refused=tmp_path / "refused.ndjson")

    assert (tally.stored, living()) == (Counter(Patient=5), 5)
    (refused,) = refusals(tmp_path / "refused.ndjson")
    assert (refused["line"], refused["resource"]) == (4, bundles[3])
    assert refused["issue"][0]["expression"] == "Bundle.entry[0].resource.gender"

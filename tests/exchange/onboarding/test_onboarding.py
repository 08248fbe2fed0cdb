"""The way in: samples judged by point at each door, until a system is let in."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.core.management import call_command

from tests.exchange.make import STEWARD, bundle, observation, patient
from tests.exchange.tables.make import as_csv, result
from xinglin.exchange import senders
from xinglin.exchange.doors import Door
from xinglin.exchange.onboarding import actions, examining, rules, samples
from xinglin.exchange.onboarding.models import Onboarding, Trial
from xinglin.exchange.onboarding.rules import Mark
from xinglin.kernel import clock
from xinglin.kernel.actor import Actor
from xinglin.kernel.errors import Fault
from xinglin.record import database

if TYPE_CHECKING:
    from collections.abc import Callable
    from collections.abc import Set as AbstractSet
    from pathlib import Path

    from django.test import Client

    from xinglin.exchange.doors import Sender

LOINC = "http://loinc.org"


class Known:
    """A platform that keeps one code system with one code, and one resource."""

    def code(self, system: str, code: str) -> bool | None:
        return code in {"1742-6", "24323-8"} if system == LOINC else None

    def there(self, wanted: AbstractSet[tuple[str, str]]) -> AbstractSet[tuple[str, str]]:
        return {one for one in wanted if one[0] == "Encounter"}


def oru(number: int = 1, *, control: bool = True, **more: str) -> str:
    own = f"M{number}" if control else ""
    said = {
        "birth": "19600101",
        "sent": "20261126093000",
        "done": "20261126083000",
        "phone": "13800000000",
    } | more
    return "\r".join(
        (
            rf"MSH|^~\&|LIS|H01|XINGLIN|REGION|{said['sent']}||ORU^R01^ORU_R01|{own}|P|2.5.1",
            f"PID|1||P{number}^^^H01^PI||张^三||{said['birth']}|M|||1号^^南宁市||{said['phone']}",
            f"PV1|1|O|||||D01^李^明||||||||||||V{number}",
            f"OBR|1|O{number}|R{number}|24323-8^肝功能^LN|||{said['done']}|||||||||||||||{said['done']}||LAB|F",
            f"OBX|1|NM|1742-6^丙氨酸氨基转移酶^LN||45|U/L|7-40|H|||F|||{said['done']}",
            "",
        )
    )


def judge(text: str, *kinds: str, door: Door = Door.HL7V2) -> examining.Report:
    from xinglin.exchange.doors import Sender

    kit = rules.kit(_nowhere())
    taken = samples.taken_apart(
        door, [("a", text.encode())], most=kit.most_samples, most_bytes=kit.most_bytes
    )
    sender = Sender(1, "h01", "人民医院", "", frozenset({door}))
    return examining.examine(door, taken, sender, kit, Known(), kinds)


def _nowhere() -> Path:
    from pathlib import Path

    return Path("/nonexistent")


def marks(report: examining.Report) -> dict[str, Mark]:
    return {one.point.id: one.mark for one in report.results}


def of(report: examining.Report, point: str) -> examining.Result:
    return next(one for one in report.results if one.point.id == point)


GOOD = "".join(oru(number) for number in (1, 2, 3))


# -- points


def test_good_samples_are_green() -> None:
    report = judge(GOOD, "ORU^R01")

    assert report.is_green, [(r.point.id, r.findings) for r in report.results if r.mark is Mark.FAIL]
    assert report.kinds == {"ORU^R01": (3, 3)}
    assert of(report, "codes").seen == 6
    assert of(report, "timely").mark is Mark.PASS


@pytest.mark.parametrize(
    ("text", "point", "place"),
    [
        (GOOD + "MSH|", "readable", "MSH-2"),
        (GOOD + oru(4, control=False), "own-number", ""),
        (GOOD.replace("1742-6", "9999-9"), "codes", "Observation.code.coding[0]"),
        (GOOD.replace("|19600101|", "||"), "required", "Patient.birthDate"),
        (GOOD.replace("13800000000", ""), "identified", "Patient"),
        (GOOD.replace("20261126083000", "20261120083000"), "timely", "DiagnosticReport"),
        (GOOD.replace("20261126083000", "20261128083000"), "possible", "DiagnosticReport"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(text: str, point: str, place: str) -> None:
    report = judge(text)

    assert of(report, point).mark is not Mark.PASS
    assert place in {finding.place for finding in of(report, point).findings}
    assert {id_ for id_, mark in marks(report).items() if mark is Mark.FAIL} <= {point}


def test_each_kind_has_to_be_shown_often_enough() -> None:
    report = judge(GOOD, "ORU^R01", "ADT^A04")

    assert not report.is_green
    assert [finding.place for finding in of(report, "kinds").findings] == ["ADT^A04"]
    assert of(judge(oru(1)), "kinds").mark is Mark.FAIL


def test_what_is_referred_to_is_there() -> None:
    def report(subject: str) -> examining.Report:
        body = bundle(
            patient(gender="male", birthDate="1960-01-01"), observation(subject=subject), control="b1"
        )
        return judge(body.decode(), door=Door.FHIR)

    assert of(report("p1"), "linked").mark is Mark.PASS
    lost = of(report("p9"), "linked")
    assert (lost.mark, lost.findings[0].params) == (Mark.FAIL, {"type": "Observation", "target": "Patient"})


def test_findings_are_the_same_however_many_there_are() -> None:
    report = judge("".join(oru(number, birth="") for number in range(100)))

    assert len(of(report, "required").findings) == examining.MOST_FINDINGS
    assert of(report, "required").seen - of(report, "required").right == 100


def test_every_point_is_said_in_chinese() -> None:
    from django.utils import translation

    kit = rules.kit(_nowhere())
    with translation.override("zh-hans"):
        for point in kit.points:
            assert translation.gettext(point.name) != point.name
    assert {point.dimension for point in kit.points} == set(rules.Dimension)


def test_a_regions_own_points_hold(tmp_path: Path) -> None:
    shipped = (rules._DATA).read_text("utf-8")
    (tmp_path / "exchange").mkdir()
    (tmp_path / "exchange" / "onboarding.toml").write_text(
        shipped.replace('version = "1"', 'version = "own"'), "utf-8"
    )

    assert rules.kit(tmp_path).version == "own"
    (tmp_path / "exchange" / "onboarding.toml").write_text("x", "utf-8")
    rules._read.cache_clear()
    with pytest.raises(SystemExit, match="cannot be used"):
        rules.kit(tmp_path)


# -- files


def test_a_file_of_many_messages_and_a_zip_are_taken_apart() -> None:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("one.hl7", GOOD)
        archive.writestr("two.hl7", "\x0b" + oru(4) + "\x1c\r")
    found = samples.taken_apart(Door.HL7V2, [("all.zip", made.getvalue())], most=10, most_bytes=1 << 20)

    assert [one.name for one in found][-2:] == ["all.zip/one.hl7 · 3", "all.zip/two.hl7 · 1"]
    lines = b"\n".join([bundle(patient()), bundle(patient("p2"))])
    assert len(samples.taken_apart(Door.FHIR, [("a.ndjson", lines)], most=10, most_bytes=1 << 20)) == 2


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b" ", "no message"),
        (GOOD.encode() * 5, "more than"),
        (b"x" * 100_000, "larger"),
        (b"PK\x03\x04", "unpacked"),
    ],
)
def test_what_cannot_be_taken_apart_says_why(content: bytes, words: str) -> None:
    with pytest.raises(Fault, match=words):
        samples.taken_apart(Door.HL7V2, [("a", content)], most=10, most_bytes=50_000)


def test_a_bomb_is_not_unpacked() -> None:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.hl7", b"0" * 10_000_000)
    with pytest.raises(Fault, match="far too much"):
        samples.taken_apart(Door.HL7V2, [("a.zip", made.getvalue())], most=10, most_bytes=50_000_000)


# -- the way


@pytest.fixture
def newcomer(db: None, sender: Sender) -> str:
    connection = database.connection()
    senders.register(
        connection, code="new", details=senders.Details("新系统"), actor=STEWARD, now=clock.now()
    )
    senders.set_active(connection, code="new", active=False, actor=STEWARD, now=clock.now())
    return "new"


def test_a_system_is_let_in_when_its_samples_are_green(newcomer: str) -> None:
    found = actions.begin(sender=newcomer, door=Door.HL7V2, kinds=["ORU^R01"], actor=STEWARD)
    with pytest.raises(Fault, match="on its way"):
        actions.begin(sender=newcomer, door=Door.HL7V2, kinds=[], actor=STEWARD)

    bad = actions.attempt(found, [("a.hl7", oru(1, birth="").encode())], actor=STEWARD)
    assert not bad.green
    with pytest.raises(Fault, match="they are not"):
        actions.let_in(found, actor=STEWARD)
    good = actions.attempt(found, [("a.hl7", GOOD.encode())], actor=STEWARD)
    assert good.green, [p for p in actions.report_of(good)["points"] if p["mark"] == "fail"]
    with pytest.raises(Fault, match="administrators"):
        actions.let_in(found, actor=Actor("account/2", "数据", frozenset({"data_steward"})))
    actions.let_in(found, actor=STEWARD)

    known = senders.by_code(database.connection(), newcomer)
    assert (known.active, known.doors) == (True, ("hl7v2",))
    with pytest.raises(Fault, match="ended"):
        actions.attempt(found, [("a.hl7", GOOD.encode())], actor=STEWARD)
    with pytest.raises(Fault, match="already"):
        actions.begin(sender=newcomer, door=Door.HL7V2, kinds=[], actor=STEWARD)
    row = database.connection().execute("SELECT count(*) FROM record_resource").fetchone()
    assert row == (0,)


def test_samples_are_sealed_and_go(newcomer: str) -> None:
    found = actions.begin(sender=newcomer, door=Door.TABLE, kinds=[], actor=STEWARD)
    trial = actions.attempt(found, [("lab.csv", as_csv([result(1)]))], actor=STEWARD)
    trial.refresh_from_db()
    assert trial.samples is not None
    assert "测试1".encode() not in bytes(trial.samples)
    assert "birthDate" not in trial.report
    with pytest.raises(Fault, match="Say why"):
        actions.stop(found, note=" ", actor=STEWARD)
    actions.stop(found, note="换厂商", actor=STEWARD)

    assert actions.forget(now=clock.now()) == 0
    assert actions.forget(now=clock.now() + timedelta(days=actions.KEPT_DAYS + 1)) == 1
    assert Trial.objects.get().samples is None
    assert actions.report_of(Trial.objects.get())["door"] == "table"


def test_who_may_not_mend_sees_nothing(newcomer: str) -> None:
    found = actions.begin(sender=newcomer, door=Door.FHIR, kinds=[], actor=STEWARD)
    for actor in (
        Actor("account/3", "医生", frozenset({"doctor"})),
        Actor("account/4", "别院", frozenset({"data_steward"}), institution="other"),
    ):
        with pytest.raises(Fault):
            actions.find(found.id, actor)


# -- faces


def test_the_pages_go_the_whole_way(newcomer: str, browser: Callable[..., Client]) -> None:
    client = browser("administrator")
    assert "没有正在接入的系统" in client.get("/exchange/onboarding/").content.decode()
    refused = client.post("/exchange/onboarding/begin/", {"sender": newcomer, "door": "dicom"})
    assert refused.status_code == 422
    begun = client.post(
        "/exchange/onboarding/begin/", {"sender": newcomer, "door": "hl7v2", "kinds": "ORU^R01"}
    )
    address = begun["Location"]
    assert "尚未提交样例" in client.get(address).content.decode()
    assert client.post(address, {"text": ""}).status_code == 400
    page = client.post(address, {"text": oru(1, birth="").replace("\r", "\n")}, follow=True).content.decode()
    assert "Patient 的 birthDate 没有值" in page
    file = io.BytesIO(GOOD.encode())
    file.name = "good.hl7"
    trial = client.post(address, {"files": [file]})
    assert json.loads(client.get(trial["Location"] + "?format=json").content)["green"] is True
    page = client.post(address + "let-in/", follow=True).content.decode()
    assert "新系统 已准入" in page
    assert Onboarding.objects.get().state == "in"
    assert browser("doctor").get("/exchange/onboarding/").status_code == 403


def test_the_command_tells_and_ends_with_what_it_found(
    db: None, sender: Sender, tmp_path: Path, capsys: Any
) -> None:
    path = tmp_path / "a.hl7"
    path.write_text(GOOD, "utf-8", newline="")
    call_command("conformance", "--door", "hl7v2", str(path))
    assert "all green" in capsys.readouterr().out
    path.write_text(oru(1, birth=""), "utf-8", newline="")
    with pytest.raises(SystemExit) as ended:
        call_command("conformance", "--door", "hl7v2", "--json", str(path))
    assert ended.value.code == 1
    assert json.loads(capsys.readouterr().out)["green"] is False

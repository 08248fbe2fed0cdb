"""The interview, the record that is written, the residents' screens, programmes and rates."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from django.test import Client

from tests.healthcard import make as cards
from tests.residents import make
from tests.residents.conftest import outbox, region  # noqa: F401 -- fixtures
from xinglin.accounts.models import Account
from xinglin.kernel import clock
from xinglin.kernel.actor import SYSTEM, Actor
from xinglin.kernel.errors import Fault, Kind
from xinglin.record import access, database
from xinglin.record.door import open_as
from xinglin.tcm.constitution import actions, instruments, queries, resources

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xinglin.record.database import Connection

NOW = datetime(2026, 11, 27, 2, 0, tzinfo=UTC)
DOCTOR = Actor("account/1", "黄志远", frozenset({"system"}), institution="hospital")
NOBODY = replace(DOCTOR, roles=frozenset({"steward"}))
ELDERLY, SIXTY = "elderly-33", "zyyxh-t157-2009"


@pytest.fixture
def people(region: Connection) -> Iterator[Connection]:  # noqa: F811 -- the fixture
    """Wang (77), Lin, the boy (6) and a small child; nobody in a programme."""
    make.person("baby", "林小妹", "2026-05-20", make.number("2026-05-20"))
    yield region
    region.execute("TRUNCATE tcm_constitution_enrolment, tcm_constitution_service")


@pytest.fixture
def client(people: Connection) -> Client:
    account = Account.objects.create_user("tcm-doctor", display_name="黄志远", roles=["client", "doctor"])
    signed = Client()
    signed.force_login(account)
    return signed


def of(patient: str) -> queries.Person:
    return queries.person(open_as(SYSTEM), patient)


def answered(instrument: str, answer: int, sex: str = "female", **other: int) -> dict[str, int]:
    return {item.id: answer for item in instruments.instrument(instrument).asked(sex)} | other


def keep(connection: Connection, patient: str = "a", answer: int = 1, now: datetime = NOW, **more: Any):
    with connection.transaction():
        return actions.keep(
            connection, person=more.pop("person", None) or of(patient), instrument=more.pop("instrument", ELDERLY),
            answers=more.pop("answers", None) or answered(ELDERLY, answer), actor=more.pop("actor", DOCTOR), now=now,
        )  # fmt: skip


def text(answer: Any) -> str:
    return re.sub(r"\s+", " ", answer.content.decode())


def test_a_result_is_written_to_the_record_and_read_back_as_it_was(people: Connection) -> None:
    kept = keep(people, answers=answered(ELDERLY, 1, **{"10": 4, "21": 4, "26": 3}))

    read = queries.results(open_as(SYSTEM), of("b"))  # the other Patient of the same person
    assert [one.id for one in read] == [kept.id]
    assert read[0].performer == "黄志远"
    assert read[0].result.main == "D"
    assert {one.code: (one.score, one.verdict) for one in read[0].result.types} == {
        one.code: (one.score, one.verdict) for one in kept.result.types
    }
    stored = open_as(SYSTEM).read("Observation", kept.id).resource
    response = stored["derivedFrom"][0]["reference"].split("/")[1]
    answers = open_as(SYSTEM).read("QuestionnaireResponse", response).resource
    assert answers["questionnaire"] == "urn:xinglin:questionnaire:elderly-33|1"
    assert {one["linkId"]: one["answer"][0]["valueInteger"] for one in answers["item"]}["10"] == 4


@pytest.mark.parametrize(
    ("more", "kind"),
    [
        ({"answers": {"1": 1}}, Kind.INVALID),
        ({"answers": answered(ELDERLY, 1, **{"1": 6})}, Kind.INVALID),
        ({"instrument": "gbt46939-2025"}, Kind.UNSUPPORTED),
        ({"actor": NOBODY}, Kind.FORBIDDEN),
        ({"person": queries.Person("a", ("a",), "王", "unknown", None)}, Kind.INVALID),
    ],
)
def test_what_cannot_be_scored_is_refused_and_leaves_nothing(people: Connection, more, kind) -> None:
    with pytest.raises(Fault) as refused:
        keep(people, **more)

    assert refused.value.kind is kind
    assert queries.results(open_as(SYSTEM), of("a")) == []


def test_other_observations_are_no_results() -> None:
    assert resources.read({"resourceType": "Observation", "id": "x", "code": {"text": "血糖"}}) is None
    assert resources.read(make.observation("o", "a")) is None


def test_the_interview_is_kept_shown_and_printed(client: Client, people: Connection) -> None:
    asked = text(client.get("/tcm/constitution/a/interview/"))
    assert asked.count("<fieldset") == 33

    short = client.post("/tcm/constitution/a/interview/", {"instrument": ELDERLY, "q-1": "3"})
    assert short.status_code == 422
    assert queries.results(open_as(SYSTEM), of("a")) == []

    said = {f"q-{n}": "1" for n in range(1, 34) if n not in (9, 28)} | {"m-9": "26.5", "m-28": "92"}
    done = client.post("/tcm/constitution/a/interview/", {"instrument": ELDERLY, **said, "q-16": "4"})
    assert done.url == "/tcm/constitution/a/"
    kept = queries.results(open_as(SYSTEM), of("a"))[0]
    assert kept.result.main == "E"
    assert kept.result.of("E").score == 13

    shown = text(client.get("/tcm/constitution/a/"))
    assert "痰湿质" in shown
    assert "<polygon" in shown
    assert "style=" not in shown.split("<main")[1]
    paper = client.get(f"/tcm/constitution/a/print/{kept.id}/")
    assert "丰隆" in text(paper)
    assert client.get("/tcm/constitution/a/print/none/").status_code == 404
    access.flush()
    actor = f"account/{Account.objects.get(username='tcm-doctor').pk}"
    looks = access.latest_of(database.connection(), actor, limit=50)
    assert "Patient" not in {placed.line.outcome for placed in looks}
    assert {placed.line.action for placed in looks} >= {"read", "search"}


def test_what_may_come_is_said_from_the_third_result_on(client: Client, people: Connection) -> None:
    for year in (2023, 2024):
        keep(people, now=NOW.replace(year=year))
    assert "满三次后方可预测" in text(client.get("/tcm/constitution/a/"))

    keep(people, answer=3, now=NOW.replace(year=2025))

    assert "可信区间" in text(client.get("/tcm/constitution/a/"))


def test_an_illness_in_the_record_is_named_in_what_may_come(client: Client, people: Connection) -> None:
    code = {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10", "code": "E66.9"}]}
    cards.store(
        {"resourceType": "Condition", "id": "fat", "subject": {"reference": "Patient/b"}, "code": code}
    )
    for year in (2023, 2024, 2025):
        keep(people, now=NOW.replace(year=year))

    assert "档案中有肥胖，倾向痰湿质" in text(client.get("/tcm/constitution/a/"))


def test_who_may_not_is_refused(people: Connection) -> None:
    account = Account.objects.create_user("tcm-steward", display_name="陆文清", roles=["steward"])
    other = Client()
    other.force_login(account)

    assert other.get("/tcm/constitution/").status_code == 403
    assert other.get("/tcm/constitution/a/interview/").status_code == 403
    assert other.get("/tcm/constitution/rates/").status_code == 200
    assert Client().get("/tcm/constitution/").status_code == 302


def test_a_resident_answers_one_question_a_screen_and_may_go_back(people: Connection, outbox) -> None:  # noqa: F811
    wang = make.wang()
    own = Client()
    own.force_login(Account.objects.get(pk=wang.account))
    assert "33" in text(own.get("/my/constitution/"))
    assert text(own.get("/my/constitution/ask/")).count('name="answer"') == 5

    page = own.post("/my/constitution/ask/", {"given": "12", "answer": "3"})
    assert 'value="123"' in text(page)
    assert "第 4 题，共 33 题" in text(page)
    page = own.post("/my/constitution/ask/", {"given": "123", "back": "1"})
    assert 'value="12"' in text(page)
    assert queries.results(open_as(SYSTEM), of("a")) == []
    done = own.post("/my/constitution/ask/", {"given": "1" * 32, "answer": "1"})

    assert done.url == "/my/constitution/"
    assert [one.result.main for one in queries.results(open_as(SYSTEM), of("a"))] == ["A"]
    shown = text(own.get("/my/constitution/"))
    assert "平和质" in shown
    assert own.get("/tcm/constitution/a/").status_code == 403
    assert "我的体质" in text(own.get("/my/self-tests/"))


def test_answers_that_are_none_only_ask_again(people: Connection, outbox) -> None:  # noqa: F811
    own = Client()
    own.force_login(Account.objects.get(pk=make.wang().account))

    for said in ({"given": "9x7", "answer": "8"}, {"given": "", "answer": ""}, {"given": "", "answer": "12"}):
        assert "第 1 题" in text(own.post("/my/constitution/ask/", said))
    own.post("/my/constitution/ask/", {"given": "1" * 90})
    assert queries.results(open_as(SYSTEM), of("a")) == []


# -- programmes


def enrol(connection: Connection, patient: str, programme: str, actor: Actor = DOCTOR) -> int:
    with connection.transaction():
        return actions.enrol(
            connection, person=of(patient), programme=programme, since=NOW.date(), actor=actor
        )


def serve(connection: Connection, patient: str, programme: str, step: str, actor: Actor = DOCTOR) -> str:
    with connection.transaction():
        return actions.serve(
            connection, person=of(patient), programme=programme, step=step, actor=actor, now=NOW
        )


def test_a_child_is_taken_in_served_once_and_counted(people: Connection) -> None:
    enrol(people, "baby", "children")
    ((enrolment, done),) = queries.waiting(people, "", "children")
    assert (enrolment.start, done) == (datetime(2026, 5, 20, tzinfo=UTC).date(), [])
    assert queries.waiting(people, "elsewhere", "children") == []
    rate = queries.rate(people, "children", 2026)
    assert (rate.served, rate.of, rate.percent) == (0, 1, 0)

    procedure_id = serve(people, "baby", "children", "m6")

    assert [each for _, each in queries.waiting(people, "", "children")] == [[("m6", NOW.date())]]
    with pytest.raises(Fault) as again:
        serve(people, "baby", "children", "m6")
    assert again.value.kind is Kind.CONFLICT
    rate = queries.rate(people, "children", 2026)
    assert [(row.patient, row.services, row.last) for row in rate.rows] == [("baby", 1, NOW.date())]
    assert rate.percent == 100
    assert queries.rate(people, "children", 2026, "elsewhere").percent is None
    assert queries.rate(people, "children", 2025).of == 0
    procedure = open_as(SYSTEM).read("Procedure", procedure_id).resource
    assert "捏脊" in procedure["code"]["text"]


@pytest.mark.parametrize(
    ("patient", "programme", "actor", "kind"),
    [
        ("boy", "children", DOCTOR, Kind.INVALID),
        ("lin", "elderly", DOCTOR, Kind.INVALID),
        ("baby", "nothing", DOCTOR, Kind.NOT_FOUND),
        ("baby", "children", NOBODY, Kind.FORBIDDEN),
    ],
)
def test_nobody_is_taken_in_who_does_not_belong(people: Connection, patient, programme, actor, kind) -> None:
    with pytest.raises(Fault) as refused:
        enrol(people, patient, programme, actor)

    assert refused.value.kind is kind
    assert queries.enrolments(people, (patient,)) == []


def test_nobody_is_in_a_programme_twice_by_either_patient(people: Connection) -> None:
    enrol(people, "a", "elderly")

    with pytest.raises(Fault) as refused:
        enrol(people, "b", "elderly")

    assert refused.value.kind is Kind.CONFLICT
    assert len(queries.enrolments(people, ("a", "b"))) == 1


def test_services_need_a_programme_and_a_step(people: Connection) -> None:
    with pytest.raises(Fault, match="not in this programme"):
        serve(people, "baby", "children", "m6")
    enrol(people, "baby", "children")
    with pytest.raises(Fault, match="no step"):
        serve(people, "baby", "children", "m7")

    assert queries.services(people, ("baby",), "children") == []


def test_the_yearly_examination_counts_for_who_is_in_the_programme(people: Connection) -> None:
    keep(people)
    assert queries.rate(people, "elderly", 2026).of == 0

    enrol(people, "a", "elderly")
    keep(people)
    keep(people)

    rate = queries.rate(people, "elderly", 2026)
    assert [(row.patient, row.services) for row in rate.rows] == [("a", 1)]


def test_programmes_are_followed_on_the_pages(client: Client, people: Connection) -> None:
    today = clock.now().date()
    cards.store(
        cards.patient(
            "new", name=[{"text": "新生儿"}], gender="male", birthDate=today.replace(day=1).isoformat()
        )
    )
    assert (
        client.post("/tcm/constitution/new/enrol/", {"programme": "children"}).url == "/tcm/constitution/new/"
    )
    shown = text(client.get("/tcm/constitution/new/"))
    assert shown.count("捏脊") >= 2
    assert (
        client.post("/tcm/constitution/new/serve/", {"programme": "children", "step": "m6"}).status_code
        == 302
    )
    rates = text(client.get(f"/tcm/constitution/rates/?year={today.year}&programme=children"))

    due = text(client.get("/tcm/constitution/due/?programme=children"))
    assert "/tcm/constitution/new/" not in due.split("<table")[1]  # the next step is not due yet
    assert client.get("/tcm/constitution/due/?programme=nothing").status_code == 404
    assert "100.0" in rates
    assert "/tcm/constitution/new/" in rates
    assert client.post("/tcm/constitution/new/enrol/", {"programme": "children"}).status_code == 409

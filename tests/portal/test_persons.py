"""The record of a person as the index joins it: from whichever Patient or id, also after merging and parting."""

from __future__ import annotations

import pytest

from tests.portal import make, region
from tests.portal.test_views import HTMX, text
from xinglin.identity import actions, evidence, queries, reviewing
from xinglin.identity.stewardship import Kind, State
from xinglin.kernel.actor import Actor
from xinglin.record import database

STEWARD = Actor("account/0", "陆文清", frozenset({"steward"}))


@pytest.fixture
def link(stored):
    return database.connection()


def merged(link) -> tuple[str, str]:
    """Merge the namesake into the resident; the ids of both persons."""
    kept, other = queries.person_of(link, "a"), queries.person_of(link, "d")
    assert kept is not None
    assert other is not None
    with link.transaction():
        actions.merge(link, survivor=kept, other=other, actor=STEWARD, reason="document")
    return kept, other


def patients(answer) -> list[str]:
    return sorted(p["id"] for p in answer.context["resident"].patients)


def test_record_opens_by_the_persons_id(doctor, link):
    answer = doctor.get(f"/residents/{queries.person_of(link, 'a')}/")

    assert answer.status_code == 200
    assert patients(answer) == ["a", "b", "c"]


def test_record_of_a_merged_person_has_all_patients_by_every_id(doctor, link):
    kept, other = merged(link)

    for id_ in ("a", "d", kept, other):
        assert patients(doctor.get(f"/residents/{id_}/")) == ["a", "b", "c", "d"]


def test_record_after_unmerging_is_as_before(doctor, link):
    kept, other = merged(link)
    event = next(e for e in queries.history(link, kept) if e.kind == "merged")
    with link.transaction():
        actions.unmerge(link, event=event.number, actor=STEWARD, reason="document")

    assert patients(doctor.get(f"/residents/{kept}/")) == ["a", "b", "c"]
    assert patients(doctor.get(f"/residents/{other}/")) == ["d"]


def test_patient_that_is_not_in_the_index_has_a_record_of_its_own(doctor, link):
    link.execute("DELETE FROM identity_patient WHERE id = 'a'")

    answer = doctor.get("/residents/a/sources/")

    assert patients(answer) == ["a"]
    assert "不在索引中" in text(answer)


def test_search_shows_one_row_a_person_with_every_institution(doctor, link):
    merged(link)

    answer = doctor.get("/residents/", {"q": "王桂兰"}, headers={"HX-Request": "true"})

    assert [(c["patients"], c["known"]) for c in answer.context["candidates"]] == [(4, 3)]


def test_sources_say_why_each_patient_is_this_person(doctor):
    page = text(doctor.get("/residents/a/sources/"))

    assert "这个人的第一份登记" in page
    assert page.count("由索引归入") == 2
    assert page.count("证据很充分") == 2


def test_banner_says_how_sure_the_index_is(doctor, link):
    answer = doctor.get("/residents/a/")

    person = queries.person(link, queries.person_of(link, "a") or "")
    assert person is not None
    weakest = min(e.bits for e in evidence.read(link, person).values() if e.kind == "joined")
    assert answer.context["resident"].confidence == pytest.approx(100 / (1 + 2**-weakest))
    assert "索引匹配" in text(answer)


def test_banner_of_a_person_with_one_patient_says_nothing_of_it(doctor):
    assert "索引匹配" not in text(doctor.get("/residents/d/"))


@pytest.mark.parametrize(("bits", "share"), [(0, 0.5), (1, 2 / 3), (-1, 1 / 3), (10_000, 1.0)])
def test_bits_are_the_logarithm_of_the_odds(bits, share):
    assert evidence.probability(bits) == pytest.approx(share)


def test_doctor_reports_a_wrong_link_and_comes_back(doctor, link):
    person = queries.person_of(link, "a")

    answer = doctor.post(
        f"/persons/{person}/report/",
        {"patient": "c", "note": "姓名不同", "next": "/residents/a/sources/"},
    )

    assert (answer.status_code, answer["Location"]) == (302, "/residents/a/sources/")
    (kind, state, patient, detail) = link.execute(
        "SELECT kind, state, patient, detail FROM identity_review WHERE kind = 'report'"
    ).fetchone()
    assert (kind, state, patient, detail) == ("report", "open", "c", {"note": "姓名不同"})


@pytest.mark.parametrize("given", [{"patient": "c", "note": " "}, {"patient": "d", "note": "x"}])
def test_report_without_words_or_about_another_person_is_refused(doctor, link, given):
    answer = doctor.post(f"/persons/{queries.person_of(link, 'a')}/report/", given)

    assert answer.status_code == 400
    assert link.execute("SELECT count(*) FROM identity_review WHERE kind = 'report'").fetchone() == (0,)


def test_report_does_not_lead_to_another_site(doctor, link):
    answer = doctor.post(
        f"/persons/{queries.person_of(link, 'a')}/report/",
        {"patient": "c", "note": "x", "next": "https://evil.example/"},
    )

    assert answer["Location"].startswith("/persons/")


def test_found_persons_are_a_piece_of_the_page(doctor):
    answer = doctor.get("/residents/", {"q": make.WANG}, headers=HTMX)

    assert answer.content.decode().count("<li>") == 1
    assert "3 家机构" in text(answer)
    assert region.HOSPITAL not in text(answer)


def asked(link, first: str, second: str, kind: str = "match", state: str = "open") -> None:
    """Put the question whether the persons of two Patients are one."""
    persons = [queries.person_of(link, first), queries.person_of(link, second)]
    review = reviewing.Review(
        1, 0, Kind(kind), State(state), 0, False, tuple(persons), second, 5.0, None, (), {}, "matcher"
    )
    reviewing.add(link, [review])
    link.execute("UPDATE identity_review SET state = %s WHERE number = 1", [state])


MAY_BE_ANOTHER = "可能另有同一人的档案（待核实）"


def test_record_says_that_another_may_be_of_the_same_person_from_both_sides(doctor, link):
    before = text(doctor.get("/residents/a/"))
    asked(link, "d", "a")

    pages = {id_: text(doctor.get(f"/residents/{id_}/")) for id_ in "ad"}
    sources = doctor.get("/residents/a/sources/")

    assert MAY_BE_ANOTHER not in before
    assert all(MAY_BE_ANOTHER in page for page in pages.values())
    assert "未在此显示" in text(sources)
    assert f'href="/residents/{queries.person_of(link, "d")}/"' in sources.content.decode()


@pytest.mark.parametrize(
    ("kind", "state", "says"),
    [
        ("match", "decided", True),
        ("match", "done", False),
        ("match", "settled", False),
        ("audit", "open", False),
    ],
)
def test_only_an_undecided_question_of_a_match_is_told(doctor, link, kind, state, says):
    asked(link, "d", "a", kind, state)

    assert (MAY_BE_ANOTHER in text(doctor.get("/residents/a/sources/"))) is says


def test_question_about_persons_that_have_become_one_is_not_told(doctor, link):
    asked(link, "d", "a")
    merged(link)
    link.execute("UPDATE identity_review SET state = 'open'")

    assert MAY_BE_ANOTHER not in text(doctor.get("/residents/a/sources/"))

"""The pages over a real record: what they show, to whom, and what they leave behind."""

from __future__ import annotations

import html
import re
from datetime import timedelta

import pytest

from tests.portal import make, region
from xinglin.kernel import clock
from xinglin.kernel.actor import SYSTEM
from xinglin.portal import finding
from xinglin.record import database
from xinglin.record.door import open_as

SECTIONS = (
    "",
    "timeline/",
    "encounters/",
    "problems/",
    "allergies/",
    "medicines/",
    "results/",
    "results/?view=grid",
    "results/trend/?test=4548-4~%25",
    "documents/",
    "documents/DiagnosticReport/r2/",
    "immunisations/",
    "sources/",
    "changes/",
    "changes/?days=30",
    "conflicts/",
    "tcm/",
    "images/",
    "summary/",
)
HTMX = {"HX-Request": "true"}


def text(answer) -> str:
    """What a page says, without markup."""
    said = re.sub(r"<script.*?</script>|<[^>]*>", " ", answer.content.decode(), flags=re.DOTALL)
    return " ".join(html.unescape(said).split())


# -- coming in


@pytest.mark.parametrize("section", SECTIONS)
def test_page_of_a_record_needs_signing_in(stored, client, section):
    answer = client.get(f"/residents/a/{section}")

    assert answer.status_code == 302
    assert answer["Location"].startswith("/sign-in/?next=/residents/a/")


def test_piece_of_a_page_without_a_session_sends_the_whole_page_to_sign_in(stored, client):
    answer = client.get("/residents/a/results/", headers=HTMX)

    assert (answer.status_code, answer["HX-Refresh"], answer.content) == (401, "true", b"")


@pytest.mark.parametrize("section", SECTIONS)
def test_page_of_a_record_without_rights_is_refused(resident_without_rights, section):
    answer = resident_without_rights.get(f"/residents/a/{section}")

    assert answer.status_code == 403
    assert "没有权限" in text(answer)
    assert "王桂兰" not in text(answer)


@pytest.mark.parametrize("section", SECTIONS)
@pytest.mark.parametrize("headers", [{}, HTMX])
def test_page_of_a_record_opens_and_is_never_kept(doctor, section, headers):
    answer = doctor.get(f"/residents/a/{section}", headers=headers)

    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]
    assert "style=" not in answer.content.decode()
    assert re.search(r"\son[a-z]+=", answer.content.decode()) is None


@pytest.mark.parametrize(
    "address", ["/residents/nobody/", "/residents/a/documents/DiagnosticReport/none/", "/nowhere/"]
)
def test_address_of_nothing_says_so(doctor, address):
    assert doctor.get(address).status_code == 404


def test_document_of_another_resident_is_not_shown(doctor):
    assert doctor.get("/residents/d/documents/DiagnosticReport/r2/").status_code == 404


def test_resource_that_is_no_document_is_not_shown_as_one(doctor):
    assert doctor.get("/residents/a/documents/Patient/a/").status_code == 404


# -- finding


@pytest.mark.parametrize(
    "typed",
    ["王桂兰", "wangguilan", "wgl", make.WANG, "110105491231002", "13812345678", "5678", "王桂兰 5678"],
)
def test_resident_is_found_with_every_institution(doctor, typed):
    answer = doctor.get("/residents/", {"q": typed}, headers=HTMX)

    found = {c["id"]: c for c in answer.context["candidates"]}
    person = next(c for c in found.values() if c["patients"] == 3)
    assert sorted(person["institutions"]) == sorted([region.HOSPITAL, region.CENTRE, region.CLINIC])
    assert person["identity"] == "110105 ******** 002X"


def test_namesake_stays_apart(doctor):
    answer = doctor.get("/residents/", {"q": "王桂兰"})

    assert sorted(c["patients"] for c in answer.context["candidates"]) == [1, 3]


def test_enter_on_the_only_one_found_opens_the_record(doctor):
    answer = doctor.get("/residents/", {"q": make.WANG})

    assert answer.status_code == 302
    assert doctor.get(answer["Location"]).status_code == 200
    assert doctor.get("/residents/", {"q": make.WANG}, headers=HTMX).status_code == 200


def test_several_found_are_counted_and_stand_in_one_order_whatever_is_sent_meanwhile(doctor):
    from tests.healthcard import make as cards

    for number in range(23):
        cards.store(cards.patient(f"same-{number:02}", name=[{"text": "孙同名"}], gender="male"))

    def listed() -> list[str]:
        return [
            one["id"]
            for one in doctor.get("/residents/", {"q": "孙同名"}, headers=HTMX).context["candidates"]
        ]

    before, page = listed(), text(doctor.get("/residents/", {"q": "孙同名"}))
    cards.store(cards.patient("same-20", name=[{"text": "孙同名"}], gender="male", birthDate="1990-01-01"))

    assert len(before) == 20
    assert "共23人" in page
    assert "显示前" not in page
    assert "共23人、显示前20人" in text(doctor.get("/residents/", {"q": "孙同名"}, headers=HTMX))
    assert listed()[0] == "same-00"
    assert [one for one in listed() if one != "same-20"] == [one for one in before if one != "same-20"][:20]


def test_resident_nobody_knows_is_not_found(doctor):
    answer = doctor.get("/residents/", {"q": "诸葛亮"}, headers=HTMX)

    assert answer.status_code == 200
    assert "没有找到" in text(answer)


# -- the record


@pytest.mark.parametrize("patient", ["a", "b", "c"])
def test_record_is_the_same_from_whichever_patient(doctor, patient):
    page = doctor.get(f"/residents/{patient}/")

    assert page.context["counts"] == {
        "encounters": 5,
        "problems": 3,
        "medicines": 3,
        "results": 16,
        "documents": 3,
        "images": 0,
        "immunisations": 1,
        "allergies": 1,
    }
    assert sorted(page.context["resident"].institutions) == sorted(
        [region.HOSPITAL, region.CENTRE, region.CLINIC]
    )


def test_banner_says_who_it_is_and_what_to_mind(doctor):
    said = text(doctor.get("/residents/a/"))

    for words in (
        "王桂兰",
        "WANG Guilan",
        "另记 王桂蓝",
        "1949-12-31",
        "110105 ******** 002X",
        "138 **** 5678",
        "过敏 青霉素",
    ):
        assert words in said
    assert make.WANG not in said
    assert "13812345678" not in said


def test_banner_tags_are_the_active_problems(doctor):
    tags = doctor.get("/residents/a/").context["tags"]

    assert [(t.kind, t.name) for t in tags] == [
        ("problem", "2型糖尿病"),
        ("problem", "原发性高血压"),
        ("old", ""),
    ]


def test_identity_is_revealed_on_request_alone_and_noted(doctor):
    from xinglin.record import access, database

    assert doctor.get("/residents/a/identity/").status_code == 405
    access.flush()
    counted = "SELECT count(*) FROM record_access WHERE action = 'read' AND id = 'a'"
    before = database.connection().execute(counted).fetchone()[0]

    answer = doctor.post("/residents/a/identity/")

    assert make.WANG in text(answer)
    access.flush()
    assert database.connection().execute(counted).fetchone()[0] == before + 1


def test_purpose_that_was_chosen_is_noted_with_every_reading(doctor):
    from xinglin.record import access, database

    answer = doctor.post("/residents/a/purpose/", {"purpose": "PUBHLTH"})
    doctor.get(answer["Location"])

    access.flush()
    purposes = (
        database.connection().execute("SELECT DISTINCT purpose FROM record_access WHERE id = 'a'").fetchall()
    )
    assert purposes == [("PUBHLTH",)]


def test_purpose_that_is_none_is_ignored(doctor):
    doctor.post("/residents/a/purpose/", {"purpose": "CURIOSITY"})

    assert doctor.get("/residents/a/").context["purpose"] == "TREAT"


def test_medicines_of_two_institutions_are_one_and_marked(doctor):
    page = doctor.get("/residents/a/medicines/")

    first = page.context["medicines"][0]
    assert (sorted([first.name, *first.others]), first.institutions) == (
        ["氨氯地平片 5mg", "苯磺酸氨氯地平片 5mg"],
        (region.CENTRE, region.HOSPITAL),
    )


def test_results_show_the_latest_value_with_its_institution(doctor):
    said = text(doctor.get("/residents/a/results/"))

    assert "糖化血红蛋白 2025-08-15 8.5 ↑ 偏高 % 4–6" in said
    assert region.CENTRE in said


def test_trend_has_every_value_in_chart_and_table(doctor):
    page = doctor.get("/residents/a/results/trend/", {"test": "8480-6~mmHg"})

    assert [(s["name"], len(s["points"])) for s in page.context["chart"]] == [("收缩压", 8), ("舒张压", 8)]
    assert len(page.context["points"]) == 16


def test_trend_of_an_unknown_test_is_not_found(doctor):
    answer = doctor.get("/residents/a/results/trend/", {"test": "x"})

    assert answer.status_code == 404
    assert "该居民没有此项目的结果" in text(answer)


def test_timeline_of_one_institution_holds_its_events_alone(doctor):
    page = doctor.get("/residents/a/timeline/", {"institution": region.CLINIC})

    assert {e.institution for e in page.context["events"]} == {region.CLINIC}
    assert page.context["institutions"] == sorted([region.HOSPITAL, region.CENTRE, region.CLINIC])


@pytest.mark.parametrize(
    ("asked", "years"), [("1", 1), ("3", 3), ("5", 5), ("0", 0), ("7", 5), ("x", 5), ("", 5)]
)
def test_timeline_reaches_as_far_as_asked(doctor, asked, years):
    assert doctor.get("/residents/a/timeline/", {"years": asked}).context["years"] == years


def test_report_shows_findings_and_conclusion(doctor):
    said = text(doctor.get("/residents/a/documents/DiagnosticReport/r2/"))

    assert "所见 左侧基底节区见片状低密度影 结论 左侧基底节区脑梗死" in said


def test_laboratory_report_shows_its_results(doctor):
    said = text(doctor.get("/residents/a/documents/DiagnosticReport/r1/"))

    assert "糖化血红蛋白 8.5 ↑ 偏高 %" in said


def test_documents_are_chosen_by_kind(doctor):
    page = doctor.get("/residents/a/documents/", {"kind": "imaging"})

    assert [d.title for d in page.context["documents"]] == ["头颅CT平扫"]


def test_sources_show_what_each_institution_sent(doctor):
    page = doctor.get("/residents/a/sources/")

    assert {(r["institution"], r["person"].name, r["person"].birth) for r in page.context["rows"]} == {
        (region.HOSPITAL, "王桂兰", "1949-12-31"),
        (region.CENTRE, "王桂兰", "1949-12-31"),
        (region.CLINIC, "王桂蓝", "1949-01-01"),
    }


def test_record_in_english_has_no_chinese_of_ours(doctor):
    doctor.cookies["django_language"] = "en"

    said = text(doctor.get("/residents/a/"))

    assert "Birth date" in said
    assert "出生日期" not in said


def test_markup_in_the_record_stays_text(doctor):
    from xinglin.kernel.actor import SYSTEM
    from xinglin.record.door import open_as

    evil = "<script>alert(1)</script>"
    open_as(SYSTEM).update(make.condition("evil", make.concept(evil), "2026-01-01", "a"))

    page = doctor.get("/residents/a/problems/").content.decode()

    assert evil not in page
    assert html.escape(evil) in page


def test_record_larger_than_a_page_of_the_door_is_read_whole(doctor):
    from xinglin.kernel.actor import SYSTEM
    from xinglin.portal import queries
    from xinglin.record.door import open_as
    from xinglin.record.steps import Step, Verb

    door = open_as(SYSTEM)
    weight = make.concept("体重", loinc="29463-7")
    sent = [make.quantity(f"w{i}", weight, "2025-01-01", 50 + i % 9, "kg", about="a") for i in range(1100)]
    door.transaction([Step(Verb.UPDATE, "Observation", r["id"], r) for r in sent])

    found = queries.everything(door, queries.resident(door, "a"), ("Observation",))

    assert len({r["id"] for r in found}) == len(found) == 1116


def test_institution_of_a_patient_who_names_none_is_that_of_the_encounter(stored):
    from xinglin.kernel.actor import SYSTEM
    from xinglin.portal import queries
    from xinglin.record.door import open_as

    door = open_as(SYSTEM)
    door.update({"resourceType": "Patient", "id": "x", "name": [{"text": "Ann Smith"}]})
    seen = {
        "status": "finished",
        "class": {"code": "AMB"},
        "serviceProvider": {"reference": "Organization/hospital"},
    }
    door.update(make.resource("Encounter", "x1", "x", **seen))
    measured = make.quantity("x2", make.concept("Weight"), "2009-01-01", 60, "kg", about="x")
    door.update({**measured, "encounter": {"reference": "Encounter/x1"}})

    resident = queries.resident(door, "x")

    assert resident.institutions == (region.HOSPITAL,)
    assert resident.sources.institution(door.read("Observation", "x2").resource) == region.HOSPITAL


def test_timeline_of_one_who_was_not_seen_for_long_goes_back_to_the_beginning(doctor):
    from xinglin.kernel.actor import SYSTEM
    from xinglin.record.door import open_as

    dose = {"status": "completed", "vaccineCode": make.concept("BCG"), "occurrenceDateTime": "1980-06-01"}
    open_as(SYSTEM).update(make.resource("Immunization", "old", "d", **dose))

    page = doctor.get("/residents/d/timeline/")

    assert (page.context["years"], page.context["since"], len(page.context["events"])) == (0, "1980-06-01", 1)


def test_banner_leads_to_the_health_cards(doctor):
    assert 'href="/cards/patient/a/"' in doctor.get("/residents/a/").content.decode()
    assert doctor.get("/cards/patient/a/", follow=True).status_code == 200


# -- the first page


def test_first_page_offers_the_readers_work_and_loads_each_card_by_itself(doctor):
    page = doctor.get("/").content.decode()

    assert 'hx-get="/today/lately/"' in page
    cards = re.findall(r'hx-get="(/today/[a-z-]+/)"', page)
    for card in cards:
        answer = doctor.get(card, headers=HTMX)
        assert answer.status_code == 200, card
        assert "<html" not in answer.content.decode()


def test_card_of_somebody_elses_work_is_not_there(doctor):
    assert doctor.get("/today/exchange/", headers=HTMX).status_code == 404


def test_records_opened_lately_are_found_again_and_only_ones_own(doctor):
    from datetime import timedelta

    from xinglin.kernel import clock
    from xinglin.record import access, database

    assert "王桂兰" not in text(doctor.get("/today/lately/", headers=HTMX))
    doctor.get("/residents/a/problems/")
    access.flush()

    assert "王桂兰" in text(doctor.get("/today/lately/", headers=HTMX))
    since = clock.now() - timedelta(days=1)
    assert access.opened_lately(database.connection(), "account/0", since, limit=5) == []


def test_bell_says_how_many_notices_are_unread_to_who_is_signed_in_alone(doctor, client):
    from django.test import Client

    from xinglin.kernel import clock
    from xinglin.record import database, notices

    assert text(doctor.get("/ui/unread/")) == ""
    to = [notices.of_role("doctor")]
    notices.tell(database.connection(), to=to, kind="test", about="/", message="Read this.", now=clock.now())

    answer = doctor.get("/ui/unread/")
    assert text(answer).startswith("1")
    assert "no-store" in answer["Cache-Control"]
    assert text(Client().get("/ui/unread/")) == ""


def test_a_session_is_told_to_hold_only_to_its_own_account(doctor):
    from django.test import Client

    account = doctor.session["_auth_user_id"]

    held = doctor.get("/ui/session/", {"account": account})

    assert (held.status_code, held.headers["Content-Type"]) == (200, "text/plain")
    assert len(held.content) == 64  # a token for the forms of the page
    assert "no-store" in held.headers["Cache-Control"]
    assert doctor.get("/ui/session/", {"account": "another"}).status_code == 401
    assert doctor.get("/ui/session/").status_code == 401
    assert Client().get("/ui/session/", {"account": account}).status_code == 401


def test_every_waiting_card_of_the_overview_is_named_and_carries_the_words_for_failing(doctor):
    page = doctor.get("/residents/a/").content.decode()

    named = re.findall(r'aria-busy="true"><header><h2>([^<]+)</h2>', page)
    assert len(named) == 6
    assert page.count('id="xl-failing"') == 1
    assert page.index("xl/failing.js") < page.index("htmx.min.js")


def test_list_says_by_which_other_name_a_resident_was_found_and_opens_none_unasked(doctor):
    names = [{"text": "陈沐阳"}, {"use": "old", "text": "王桂兰之女"}]
    open_as(SYSTEM).update({"resourceType": "Patient", "id": "child", "name": names})

    several = text(doctor.get("/residents/", {"q": "wgl"}, headers=HTMX))
    alone = doctor.get("/residents/", {"q": "王桂兰之女"})

    assert several.index("王桂兰") < several.index("陈沐阳") < several.index("另记 王桂兰之女")
    assert several.count("另记") == 1
    assert alone.status_code == 200
    assert "陈沐阳 CHEN Muyang 另记 王桂兰之女" in text(alone)


def test_who_is_called_exactly_so_is_found_among_more_than_are_looked_at(doctor, monkeypatch):
    monkeypatch.setattr(finding, "_CANDIDATES", "1")
    open_as(SYSTEM).update({"resourceType": "Patient", "id": "zz", "name": [{"text": "王桂"}]})

    page = text(doctor.get("/residents/", {"q": "王桂"}, headers=HTMX))

    assert "超过2人" in page
    assert "王桂 WANG Gui" in page


def egfr(value: float, id_: str = "egfr") -> dict:
    return make.quantity(
        id_, make.concept("eGFR", loinc="62238-1"), lately(5), value, "mL/min/1.73m2", about="a"
    )


def lately(days: int) -> str:
    return (clock.now() - timedelta(days=days)).date().isoformat()


@pytest.mark.parametrize("card", ["", "?card=1"])
def test_medicine_that_a_reminder_is_about_is_marked_with_it_and_its_rule(doctor, card):
    door = open_as(SYSTEM)
    concept = make.concept("二甲双胍片 0.5g", atc="A10BA02")
    door.update(make.request("met", concept, lately(3), 30, about="b"))
    door.update(egfr(29))
    database.connection().execute("TRUNCATE reminders_firing")

    answer = doctor.get(f"/residents/a/medicines/{card}", headers=HTMX)

    page = answer.content.decode()
    marked = re.findall(r'<a class="xl-tag xl-long red" href="/reminders/rules/renal-taken/">', page)
    assert len(marked) == 1
    assert "eGFR 29" in text(answer)
    (fired,) = database.connection().execute("SELECT count(*) FROM reminders_firing").fetchone()
    assert fired == 0


def test_medicine_is_marked_no_more_when_its_reminder_was_set_aside(doctor):
    door = open_as(SYSTEM)
    door.update(make.request("met", make.concept("二甲双胍片 0.5g", atc="A10BA02"), lately(3), 30, about="b"))
    door.update(egfr(29))
    doctor.get("/reminders/patients/a/?hook=patient-view", headers=HTMX)
    database.connection().execute("UPDATE reminders_firing SET outcome = 'overridden'")

    page = doctor.get("/residents/a/medicines/", headers=HTMX).content.decode()
    database.connection().execute("TRUNCATE reminders_firing")

    assert "renal-taken" not in page


def test_record_in_english_names_what_has_a_code_and_keeps_the_record_s_words(doctor):
    door = open_as(SYSTEM)
    door.update(make.resource(
        "AllergyIntolerance", "allergy", "a", code=make.concept("青霉素"),
        clinicalStatus=make.status_of("allergyintolerance-clinical", "active"),
    ))  # fmt: skip
    door.update(
        make.quantity("white", make.concept("白细胞", loinc="6690-2"), "2026-01-01", 6.1, "10*9/L", about="a")
    )
    door.update(make.quantity("own", make.concept("本院指标"), "2026-01-01", 3, "分", about="a"))
    recorded = '{} <span class="xl-recorded" lang="zh-Hans">{}</span>'.format

    def pages() -> list[str]:
        return [doctor.get(f"/residents/a/{part}/").content.decode() for part in ("allergies", "results")]

    for page, name, words in zip(pages(), ("青霉素", "白细胞"), ("Penicillins", "White cells"), strict=True):
        assert name in page
        assert words not in page

    doctor.cookies["django_language"] = "en"
    allergies, results = pages()
    assert recorded("Penicillins", "青霉素") in allergies
    assert recorded("White cells", "白细胞") in results
    assert (
        '<span lang="zh-Hans">' in results
    )  # what no code names stays as it was recorded, marked as Chinese

"""The pages of persons over a real record: who may, what they show, what they do and leave behind."""

from __future__ import annotations

import html
import re

import pytest

from tests.portal import make, region
from xinglin.identity import actions, queries
from xinglin.identity.stewardship import Kind
from xinglin.kernel.actor import SYSTEM
from xinglin.record import access, database
from xinglin.record.door import open_as

HTMX = {"HX-Request": "true"}
WORDS = {"reason": "document", "note": "核对证件"}


def text(answer) -> str:
    said = re.sub(r"<script.*?</script>|<[^>]*>", " ", answer.content.decode(), flags=re.DOTALL)
    return " ".join(html.unescape(said).split())


@pytest.fixture
def link(emptied, db):
    """The Patients of ``region``: the resident a, b, c and the namesake d."""
    door = open_as(SYSTEM)
    for resource in region._people():
        door.update(resource)
    return database.connection()


def signed_in(client, name, role, institution=""):
    from xinglin.accounts.models import Account

    account = Account.objects.create_user(name, display_name=name, roles=[role] if role else [])
    client.force_login(account)
    return client


@pytest.fixture
def steward(link, client):
    return signed_in(client, "陆文清", "steward")


@pytest.fixture
def other(link):
    from django.test import Client

    return signed_in(Client(), "韦建平", "administrator")


def person(link, patient) -> str:
    found = queries.person_of(link, patient)
    assert found is not None
    return found


def question(link, kind=Kind.MATCH, about="d", than="a", second=False):
    """An open review about the namesake and the resident, or about one of them."""
    persons = [person(link, p) for p in (about, than) if p]
    with link.transaction():
        made = actions.open_review(link, kind=kind, persons=persons, actor=SYSTEM, findings=["namesake"])
        if second:
            link.execute("UPDATE identity_review SET second = true WHERE number = %s", [made.number])
    return made.id


def patients(link, patient):
    return sorted(queries.patients_of(link, person(link, patient)))


def row(link, review):
    found = queries.review(link, review)
    assert found is not None
    return found


# -- who may

LOOKING = ("find/", "{person}/", "register/", "register/list/", "archives/")
DECIDING = ("", "reviews/", "reviews/confirming/", "reviews/{review}/", "{person}/merge/", "register/counts/",
            "register/list.csv")  # fmt: skip


@pytest.mark.parametrize("role", ["steward", "administrator", "doctor", "nurse", "client", ""])
def test_pages_open_to_the_roles_of_the_table(link, client, role):
    browser = signed_in(client, "somebody", role)
    about = {"person": person(link, "a"), "review": question(link)}

    answers = {page: browser.get("/persons/" + page.format(**about)) for page in (*LOOKING, *DECIDING)}

    decides = role in {"steward", "administrator"}
    allowed = {page: decides or (role == "doctor" and page in LOOKING) for page in answers}
    assert {page: answer.status_code for page, answer in answers.items()} == {
        page: 200 if may else 403 for page, may in allowed.items()
    }
    assert not any("王桂兰" in text(answers[page]) for page, may in allowed.items() if not may)


def test_pages_need_signing_in(db, client):
    for page in (*LOOKING, *DECIDING):
        answer = client.get("/persons/" + page.format(person="x", review="x"))

        assert answer.status_code == 302
        assert answer["Location"].startswith("/sign-in/?next=/persons/")


@pytest.mark.parametrize(
    ("address", "given"),
    [
        ("reviews/{review}/decide/", {"verdict": "same", **WORDS}),
        ("reviews/{review}/later/", {}),
        ("{person}/merge/?other={other}", WORDS),
        ("{person}/declare/", {"patient": "a", "other": "d", "same": "yes", "note": "x"}),
        ("sample/", {"count": "5"}),
        ("register/refresh/", {}),
    ],
)
def test_doctor_decides_nothing(link, client, address, given):
    browser = signed_in(client, "黄志远", "doctor")
    review = question(link)
    about = {"review": review, "person": person(link, "a"), "other": person(link, "d")}
    before = link.execute("SELECT count(*) FROM identity_event").fetchone()

    answer = browser.post("/persons/" + address.format(**about), given)

    assert answer.status_code == 403
    assert row(link, review).state == "open"
    assert link.execute("SELECT count(*) FROM identity_event").fetchone() == before


def test_forms_carry_a_token_that_is_asked_for(link):
    from django.test import Client

    browser = signed_in(Client(enforce_csrf_checks=True), "陆文清", "steward")
    review = question(link)

    answer = browser.post(f"/persons/reviews/{review}/decide/", {"verdict": "same", **WORDS})

    assert answer.status_code == 403
    assert row(link, review).state == "open"


# -- the queue


def test_queue_shows_the_persons_and_why(steward, link):
    question(link)

    page = text(steward.get("/persons/reviews/"))

    assert "王桂兰 · 王桂兰" in page
    assert "同户同名" in page


def test_empty_queue_says_what_else_can_be_done(steward):
    assert "没有待处理的任务" in text(steward.get("/persons/reviews/"))


def test_queue_is_filtered_by_kind(steward, link):
    question(link, Kind.REPORT, than="")

    assert len(steward.get("/persons/reviews/?kind=report").context["rows"]) == 1
    assert len(steward.get("/persons/reviews/?kind=match").context["rows"]) == 0


def test_next_leads_to_the_most_urgent_that_nobody_holds(steward, other, link):
    first, urgent = question(link), question(link, Kind.REPORT, than="")
    assert other.get(f"/persons/reviews/{urgent}/").status_code == 200

    answer = steward.get("/persons/reviews/next/")

    assert answer["Location"] == f"/persons/reviews/{first}/"


def test_next_with_nothing_left_leads_to_the_queue(steward):
    assert steward.get("/persons/reviews/next/")["Location"] == "/persons/reviews/"


# -- one question


def test_review_lays_values_beside_each_other_with_weights(steward, link):
    answer = steward.get(f"/persons/reviews/{question(link)}/")

    rows = {r["field"]: r for r in answer.context["comparison"]["rows"]}
    assert [c.key for c in answer.context["comparison"]["columns"]] == [person(link, "d"), person(link, "a")]
    assert rows["birth"]["cells"][1]["bar"].bits < 0
    assert rows["name"]["cells"][1]["bar"].bits > 0
    assert answer.context["comparison"]["sums"][1]["s"].zone == "new"


def test_identity_numbers_are_masked_until_they_are_asked_for(steward, link):
    review = question(link)

    masked = steward.get(f"/persons/reviews/{review}/")
    shown = steward.post(
        f"/persons/reviews/{review}/reveal/", {"field": "document", "column": "1"}, headers=HTMX
    )

    assert make.WANG not in masked.content.decode()
    assert "110105" in text(masked)
    assert make.WANG in text(shown)
    access.flush()
    noted = link.execute("SELECT id, query FROM record_access WHERE action = 'reveal' ORDER BY id").fetchall()
    assert noted == [(p, "document") for p in ("a", "b", "c", "d")]


def test_looking_at_a_review_is_noted_for_every_patient(steward, link):
    steward.get(f"/persons/reviews/{question(link)}/")

    access.flush()
    noted = link.execute(
        "SELECT DISTINCT id FROM record_access WHERE action = 'review' ORDER BY id"
    ).fetchall()
    assert [id_ for (id_,) in noted] == ["a", "b", "c", "d"]


def test_same_merges_and_the_next_question_comes(steward, link):
    review, then = question(link), question(link, Kind.REPORT, about="a", than="")

    answer = steward.post(f"/persons/reviews/{review}/decide/", {"verdict": "same", **WORDS}, follow=True)

    assert answer.redirect_chain[-1][0] == f"/persons/reviews/{then}/"
    assert "已决定：同一人" in text(answer)
    assert patients(link, "a") == ["a", "b", "c", "d"]
    assert (row(link, review).reason, row(link, review).note) == ("document", "核对证件")


def test_different_keeps_them_apart(steward, link):
    review = question(link)

    steward.post(f"/persons/reviews/{review}/decide/", {"verdict": "different", **WORDS})

    assert patients(link, "a") == ["a", "b", "c"]
    assert not any(one.same for one in queries.constraints(link, person(link, "d")))
    assert len(queries.constraints(link, person(link, "d"))) == 3


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"verdict": "same", "reason": "document", "note": " "}, "简要说明"),
        ({"verdict": "same", "reason": "", "note": "x"}, "需要填写原因"),
        ({"verdict": "", **WORDS}, "请先选择结论"),
        ({"verdict": "fine", **WORDS}, "结论应为"),
    ],
)
def test_verdict_that_is_not_complete_changes_nothing_and_keeps_what_was_typed(steward, link, given, said):
    review = question(link)

    answer = steward.post(f"/persons/reviews/{review}/decide/", given)

    assert answer.status_code == 400
    assert said in text(answer)
    assert answer.context["typed"]["note"] == given["note"]
    assert row(link, review).state == "open"
    assert patients(link, "a") == ["a", "b", "c"]


def test_undo_takes_back_the_last_verdict_of_the_session(steward, link):
    review = question(link)
    steward.post(f"/persons/reviews/{review}/decide/", {"verdict": "same", **WORDS})

    answer = steward.post("/persons/reviews/undo/")

    assert answer["Location"] == f"/persons/reviews/{review}/"
    assert patients(link, "a") == ["a", "b", "c"]
    assert row(link, review).state == "open"
    assert steward.post("/persons/reviews/undo/").status_code == 409


def test_later_puts_a_question_aside(steward, link):
    review = question(link)

    steward.post(f"/persons/reviews/{review}/later/")

    assert len(steward.get("/persons/reviews/").context["rows"]) == 0
    assert len(steward.get("/persons/reviews/?aside=1").context["rows"]) == 1


def test_question_that_somebody_else_looks_at_can_be_seen_but_not_decided(steward, other, link):
    review = question(link)
    other.get(f"/persons/reviews/{review}/")

    seen = steward.get(f"/persons/reviews/{review}/")
    decided = steward.post(f"/persons/reviews/{review}/decide/", {"verdict": "same", **WORDS})

    assert "韦建平 正在处理此任务" in text(seen)
    assert 'name="verdict"' not in seen.content.decode()
    assert decided.status_code == 400
    assert patients(link, "a") == ["a", "b", "c"]


def test_review_of_deleted_persons_says_so(steward, link):
    review = question(link)
    open_as(SYSTEM).delete("Patient", "d")

    assert steward.get(f"/persons/reviews/{review}/").status_code == 200


def test_review_that_nobody_opened_is_not_found(steward):
    assert steward.get("/persons/reviews/0sbbn1nqkh001mh/").status_code == 404


# -- two people


def test_second_person_confirms_and_only_then_it_happens(steward, other, link):
    review = question(link, second=True)
    steward.post(f"/persons/reviews/{review}/decide/", {"verdict": "same", **WORDS})
    assert patients(link, "a") == ["a", "b", "c"]

    own = steward.post(f"/persons/reviews/{review}/confirm/", {"agree": "yes"})
    assert own.status_code == 400
    assert "须由他人确认" in text(own)
    assert patients(link, "a") == ["a", "b", "c"]

    assert "王桂兰" in text(other.get("/persons/reviews/confirming/"))
    other.post(f"/persons/reviews/{review}/confirm/", {"agree": "yes"})
    assert patients(link, "a") == ["a", "b", "c", "d"]


def test_second_person_who_does_not_agree_says_why(steward, other, link):
    review = question(link, second=True)
    steward.post(f"/persons/reviews/{review}/decide/", {"verdict": "same", **WORDS})

    assert other.post(f"/persons/reviews/{review}/confirm/", {"agree": "no"}).status_code == 400
    assert row(link, review).state == "decided"
    other.post(f"/persons/reviews/{review}/confirm/", {"agree": "no", "note": "出生日期不同"})

    assert row(link, review).state == "open"
    assert patients(link, "a") == ["a", "b", "c"]


def test_verdict_can_be_taken_back_from_its_page(steward, link):
    review = question(link)
    steward.post(f"/persons/reviews/{review}/decide/", {"verdict": "same", **WORDS})

    steward.post(f"/persons/reviews/{review}/reopen/")

    assert patients(link, "a") == ["a", "b", "c"]


def test_patients_of_a_contradictory_person_are_columns_and_can_be_taken_out(steward, other, link):
    review = question(link, Kind.CLUSTER, about="a", than="")

    page = steward.get(f"/persons/reviews/{review}/")
    assert sorted(c.key for c in page.context["comparison"]["columns"]) == ["a", "b", "c"]

    steward.post(f"/persons/reviews/{review}/decide/", {"verdict": "split", "patients": ["c"], **WORDS})
    other.post(f"/persons/reviews/{review}/confirm/", {"agree": "yes"})

    assert patients(link, "a") == ["a", "b"]
    assert patients(link, "c") == ["c"]


# -- persons


@pytest.mark.parametrize("typed", ["王桂兰", make.WANG, "13812345678"])
def test_persons_are_found_one_line_each(steward, typed):
    found = steward.get("/persons/find/", {"q": typed}).context["people"]

    assert {p["patients"] for p in found} >= {3}
    assert all(make.WANG not in str(p) for p in found)


def test_id_of_a_patient_leads_to_the_person(steward, link):
    answer = steward.get("/persons/find/", {"q": "Patient/b"})

    assert answer["Location"] == f"/persons/{person(link, 'b')}/"


def test_nobody_found_says_so(steward):
    assert "未找到" in text(steward.get("/persons/find/", {"q": "诸葛亮"}))


def test_person_shows_where_each_value_comes_from_and_what_differs(steward, link):
    answer = steward.get(f"/persons/{person(link, 'a')}/")

    fields = {f["key"]: f for f in answer.context["fields"]}
    assert (fields["name"]["text"], fields["name"]["losing"][0]["text"]) == ("王桂兰", "王桂蓝")
    assert fields["name"]["losing"][0]["by"] == [region.CLINIC]
    assert fields["document:NI"]["text"] == "110105 ******** 002X"
    assert [s["id"] for s in answer.context["sources"]] == ["a", "b", "c"]
    access.flush()
    noted = link.execute(
        "SELECT DISTINCT id FROM record_access WHERE action = 'person' ORDER BY id"
    ).fetchall()
    assert [id_ for (id_,) in noted] == ["a", "b", "c"]


def test_number_of_a_person_is_revealed_and_noted(steward, link):
    answer = steward.post(f"/persons/{person(link, 'a')}/reveal/", {"field": "document:NI"}, headers=HTMX)

    assert make.WANG in text(answer)
    access.flush()
    assert link.execute("SELECT count(*) FROM record_access WHERE action = 'reveal'").fetchone() == (3,)


@pytest.mark.parametrize("field", ["name", "", "document:PPN"])
def test_nothing_else_is_revealed(steward, link, field):
    assert steward.post(f"/persons/{person(link, 'a')}/reveal/", {"field": field}).status_code == 404


def test_person_that_nobody_is_is_not_found(steward):
    assert steward.get("/persons/0sbbn1nqkh001mh/").status_code == 404


# -- merging and parting


def test_merge_shows_what_would_become_of_it_before_it_happens(steward, link):
    kept, given = person(link, "a"), person(link, "d")

    answer = steward.get(f"/persons/{kept}/merge/?other={given}")

    assert answer.context["second"] is False
    assert [f["text"] for f in answer.context["preview"] if f["label"] == "姓名"] == ["王桂兰"]
    assert patients(link, "a") == ["a", "b", "c"]


def test_merge_and_unmerge_give_the_state_before(steward, link):
    from tests.identity.persons import state

    kept, given = person(link, "a"), person(link, "d")
    before = state(link)

    steward.post(f"/persons/{kept}/merge/?other={given}", WORDS)
    assert patients(link, "d") == ["a", "b", "c", "d"]
    assert steward.get(f"/persons/{given}/")["Location"] == f"/persons/{kept}/"

    event = next(e for e in queries.history(link, kept) if e.kind == "merged")
    preview = steward.get(f"/persons/{kept}/unmerge/{event.number}/")
    assert preview.context["patients"] == ["d"]
    steward.post(f"/persons/{kept}/unmerge/{event.number}/", WORDS)

    assert state(link) == before


def test_unmerging_can_keep_them_apart_for_good(steward, link):
    kept, given = person(link, "a"), person(link, "d")
    steward.post(f"/persons/{kept}/merge/?other={given}", WORDS)
    event = next(e for e in queries.history(link, kept) if e.kind == "merged")

    steward.post(f"/persons/{kept}/unmerge/{event.number}/", {**WORDS, "apart": "yes"})

    assert len(queries.constraints(link, given)) == 3


def test_merge_that_was_taken_back_cannot_be_taken_back_again(steward, link):
    kept, given = person(link, "a"), person(link, "d")
    steward.post(f"/persons/{kept}/merge/?other={given}", WORDS)
    event = next(e for e in queries.history(link, kept) if e.kind == "merged")
    steward.post(f"/persons/{kept}/unmerge/{event.number}/", WORDS)

    assert steward.post(f"/persons/{kept}/unmerge/{event.number}/", WORDS).status_code in {400, 404}
    assert f"unmerge/{event.number}" not in steward.get(f"/persons/{kept}/").content.decode()


def test_merge_with_oneself_is_refused(steward, link):
    kept = person(link, "a")

    assert "已是同一人" in text(steward.get(f"/persons/{kept}/merge/?other=b"))


@pytest.mark.parametrize("given", [{"reason": "document", "note": ""}, {"reason": "", "note": "x"}])
def test_merge_without_a_reason_changes_nothing(steward, link, given):
    kept, other_id = person(link, "a"), person(link, "d")

    assert steward.post(f"/persons/{kept}/merge/?other={other_id}", given).status_code == 400
    assert patients(link, "a") == ["a", "b", "c"]
    assert link.execute("SELECT count(*) FROM identity_review").fetchone() == (0,)


def test_marked_patients_are_taken_out_when_a_second_person_agrees(steward, other, link):
    whole = person(link, "a")

    steward.post(f"/persons/{whole}/split/", {"patients": ["c"], **WORDS})
    assert patients(link, "a") == ["a", "b", "c"]
    (review,) = other.get("/persons/reviews/confirming/").context["rows"]
    other.post(f"/persons/reviews/{review['r'].id}/confirm/", {"agree": "yes"})

    assert (patients(link, "a"), patients(link, "c")) == (["a", "b"], ["c"])


@pytest.mark.parametrize("chosen", [[], ["a", "b", "c"], ["d"]])
def test_all_or_none_cannot_be_taken_out(steward, link, chosen):
    answer = steward.post(f"/persons/{person(link, 'a')}/split/", {"patients": chosen, **WORDS})

    assert answer.status_code == 400
    assert patients(link, "a") == ["a", "b", "c"]
    assert link.execute("SELECT count(*) FROM identity_review").fetchone() == (0,)


def test_declaration_joins_and_can_be_taken_back(steward, link):
    whole = person(link, "a")

    steward.post(
        f"/persons/{whole}/declare/", {"patient": "a", "other": "Patient/d", "same": "yes", "note": "同一人"}
    )
    assert patients(link, "a") == ["a", "b", "c", "d"]

    steward.post(f"/persons/{whole}/lift/", {"patient": "a", "other": "d", "note": "误填"})
    assert queries.constraints(link, whole) == ()


# -- the overview


def test_overview_counts_what_there_is(steward, link):
    question(link)

    context = steward.get("/persons/").context

    assert (context["numbers"].persons, context["numbers"].patients, context["open"]) == (2, 4, 1)
    assert context["days"]["columns"][-1]["matcher"] == 2
    assert [b["count"] for b in context["ages"]] == [1, 0, 0, 0, 0]


def test_sample_of_links_is_judged_and_gives_an_interval(steward, link):
    steward.post("/persons/sample/", {"count": "5"})
    (review,) = steward.get("/persons/reviews/?kind=audit").context["rows"]

    steward.post(f"/persons/reviews/{review['r'].id}/decide/", {"verdict": "fine", **WORDS})

    context = steward.get("/persons/").context
    assert (context["audit"].judged, context["audit"].right, context["share"]) == (1, 1, 100.0)
    assert [round(bound, 1) for bound in context["interval"]] == [20.7, 100.0]


@pytest.mark.parametrize("count", ["0", "201", "x", ""])
def test_sample_of_impossible_size_is_refused(steward, link, count):
    assert steward.post("/persons/sample/", {"count": count}).status_code == 400
    assert link.execute("SELECT count(*) FROM identity_review").fetchone() == (0,)


def test_merge_with_somebody_who_has_died_waits_for_a_second_person(steward, other, link):
    kept, given = person(link, "a"), person(link, "d")
    door = open_as(SYSTEM)
    door.update({**door.read("Patient", "d").resource, "deceasedBoolean": True})

    assert steward.get(f"/persons/{kept}/merge/?other={given}").context["second"] is True
    answer = steward.post(f"/persons/{kept}/merge/?other={given}", WORDS)
    assert patients(link, "a") == ["a", "b", "c"]

    other.post(answer["Location"] + "confirm/", {"agree": "yes"})
    assert patients(link, "a") == ["a", "b", "c", "d"]


def test_declaration_is_no_way_round_the_second_person(steward, link):
    door = open_as(SYSTEM)
    door.update({**door.read("Patient", "d").resource, "deceasedBoolean": True})

    answer = steward.post(
        f"/persons/{person(link, 'a')}/declare/", {"patient": "a", "other": "d", "same": "yes", "note": "x"}
    )

    assert answer.status_code == 409
    assert "第二人" in text(answer)
    assert patients(link, "a") == ["a", "b", "c"]


def test_declaration_about_another_persons_patient_is_refused(steward, link):
    answer = steward.post(
        f"/persons/{person(link, 'a')}/declare/", {"patient": "d", "other": "b", "same": "no", "note": "x"}
    )

    assert answer.status_code == 400
    assert queries.constraints(link, person(link, "a")) == ()


def test_words_of_taking_back_a_merge_stand_in_the_history(steward, link):
    kept, given = person(link, "a"), person(link, "d")
    steward.post(f"/persons/{kept}/merge/?other={given}", WORDS)
    event = next(e for e in queries.history(link, kept) if e.kind == "merged")
    steward.post(f"/persons/{kept}/unmerge/{event.number}/", {"reason": "data-error", "note": "录错了号"})

    assert "录入错误、录错了号" in text(steward.get(f"/persons/{kept}/"))

"""The pages: who may see what, what they say, and that a form of another site does nothing."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from django.urls import reverse

from tests.healthcard import make
from tests.healthcard.make import NOW, issue
from xinglin.accounts.models import Account
from xinglin.healthcard import actions, batches, codes, queries
from xinglin.healthcard.actions import Issuer
from xinglin.healthcard.rules import Act, Kind
from xinglin.kernel import checkdigits, clock
from xinglin.record import access, database, jobs

ROLES = ("doctor", "nurse", "steward", "administrator", "client", "none")


@pytest.fixture
def sign_in(db, cards):
    """A function that signs somebody of a role in, at the hospital unless another institution is given."""

    def signing_in(role: str, institution: str = "hospital", *, strict: bool = False) -> Client:
        account, _ = Account.objects.get_or_create(
            username=f"{role}-{institution}",
            defaults={
                "display_name": f"{role} 某",
                "roles": [] if role == "none" else [role],
                "institution_id": institution,
                "institution_name": "第一人民医院",
            },
        )
        client = Client(enforce_csrf_checks=strict)
        client.force_login(account)
        return client

    return signing_in


@pytest.fixture
def card(wang):
    return issue(wang, now=clock.now())


def text(answer) -> str:
    return re.sub(r"\s+", " ", answer.content.decode())


PAGES = {
    # page: who may
    "counter": set(ROLES),
    "find": {"doctor", "nurse", "steward", "administrator"},
    "person": {"doctor", "nurse", "steward", "administrator"},
    "person-uses": {"doctor", "nurse", "steward", "administrator"},
    "show": {"doctor", "nurse", "steward", "administrator"},
    "code": {"doctor", "nurse", "steward", "administrator"},
    "print": {"nurse", "steward", "administrator"},
    "receipt": {"nurse", "steward", "administrator"},
    "emergency": {"doctor", "nurse", "client"},
    "list": {"steward", "administrator"},
    "export": {"steward", "administrator"},
    "uses": {"steward", "administrator"},
    "batches": {"steward", "administrator"},
}


def address(page, card):
    if page in {"person", "person-uses"}:
        return reverse(f"healthcard:{page}", args=[card.person])
    of_card = page in {"show", "code", "print", "receipt", "emergency"}
    return reverse(f"healthcard:{page}", args=[card.id] if of_card else [])


def test_pages_by_role(sign_in, card):
    clients = {role: sign_in(role) for role in ROLES}
    may = {
        page: {role for role, client in clients.items() if client.get(address(page, card)).status_code == 200}
        for page in PAGES
    }

    assert may == PAGES


def test_pages_lead_to_the_sign_in_page(db, card):
    answers = {page: Client().get(address(page, card)) for page in PAGES}

    assert {answer["Location"].split("?")[0] for answer in answers.values()} == {"/sign-in/"}


def test_replacement_that_is_still_to_be_made_waits(sign_in, card):
    sign_in("nurse").post(reverse("healthcard:change", args=[card.id, "replace"]), {"reason": "damaged"})

    assert [c.state.value for c in queries.of_person(database.connection(), card.person)] == [
        "requested",
        "replaced",
    ]


CHANGES = {
    "issue": {"kind": "physical"},
    "freeze": {"reason": "lost"},
    "replace": {"reason": "lost"},
    "cancel": {"reason": "wish"},
}


def change_address(name, card):
    if name == "issue":
        return reverse("healthcard:issue", args=[card.person])
    return reverse("healthcard:change", args=[card.id, name])


def test_changes_need_the_role(sign_in, card):
    answers = {
        (role, name): sign_in(role).post(change_address(name, card), CHANGES[name]).status_code
        for role in ("doctor", "client", "none")
        for name in CHANGES
    }

    assert set(answers.values()) == {403}
    assert queries.of_person(database.connection(), card.person) == (card,)


def test_form_of_another_site_does_nothing(sign_in, card):
    strict = sign_in("nurse", strict=True)
    answers = [strict.post(change_address(name, card), CHANGES[name]).status_code for name in CHANGES]
    answers.append(
        strict.post(reverse("healthcard:scan"), {"code": make.show(card, now=clock.now())}).status_code
    )

    assert set(answers) == {403}
    assert queries.of_person(database.connection(), card.person) == (card,)
    assert make.rows("healthcard_use") == []


def test_changes_are_not_made_by_reading(sign_in, card):
    client = sign_in("nurse")

    assert {client.get(change_address(name, card)).status_code for name in CHANGES} == {405}
    assert queries.of_person(database.connection(), card.person) == (card,)


def test_scanned_card_shows_whose_it_is_and_never_the_whole_number(sign_in, card):
    sent = {"code": make.show(card, now=clock.now()), "operation": "dispensing", "counter": "3号窗口"}

    answer = sign_in("nurse").post(reverse("healthcard:scan"), sent, headers={"HX-Request": "true"})

    said = text(answer)
    assert (answer.status_code, "<html" in said) == (200, False)
    assert all(words in said for words in ("卡片有效", "王桂兰", "110105 ******** 002X", "/residents/a/"))
    assert make.WANG not in said
    assert make.rows("healthcard_use", "operation, counter, outcome") == [
        ("dispensing", "3号窗口", "accepted")
    ]


def test_counter_works_without_scripts_and_remembers_its_name(sign_in, card):
    client = sign_in("nurse")
    answer = client.post(
        reverse("healthcard:scan"), {"code": "x", "operation": "sampling", "counter": "3号窗口"}
    )

    assert "<html" in text(answer)
    assert "这不是健康卡的码" in text(answer)
    again = text(client.get(reverse("healthcard:counter")))
    assert 'value="3号窗口"' in again
    assert '<option value="sampling" selected>' in again


def test_refused_card_tells_nothing_of_its_holder(sign_in, card):
    connection = database.connection()
    with connection.transaction():
        actions.change(connection, card=card.id, act=Act.FREEZE, reason="lost", actor=make.NURSE, now=NOW)

    sent = {"code": codes.printed(card.number)}
    said = text(sign_in("nurse").post(reverse("healthcard:scan"), sent, headers={"HX-Request": "true"}))

    assert "该卡已冻结" in said
    assert "王桂兰" not in said


def test_card_is_issued_frozen_and_replaced_from_the_persons_page(sign_in, wang):
    client = sign_in("nurse")
    page = reverse("healthcard:person", args=[wang])
    client.post(reverse("healthcard:issue", args=[wang]), {"kind": "virtual", "handed_over": "on"})
    [card] = queries.of_person(database.connection(), wang)

    frozen = client.post(
        reverse("healthcard:change", args=[card.id, "freeze"]), {"reason": "lost"}, follow=True
    )
    replaced = client.post(
        reverse("healthcard:change", args=[card.id, "replace"]),
        {"reason": "lost", "note": "公交车上", "handed_over": "on"},
        follow=True,
    )

    assert frozen.redirect_chain == [(page, 302)]
    assert "已冻结" in text(frozen)
    assert "公交车上" in text(replaced)
    assert [c.state.value for c in queries.of_person(database.connection(), wang)] == ["active", "replaced"]


def test_what_cannot_be_done_is_said_on_the_persons_page_in_words(sign_in, card):
    answer = sign_in("nurse").post(
        reverse("healthcard:change", args=[card.id, "unfreeze"]), {"reason": "found"}, follow=True
    )

    assert "状态为“有效”的卡不能这样变更（解冻）" in text(answer)
    assert queries.of_person(database.connection(), card.person) == (card,)


def test_act_that_is_none_is_not_found(sign_in, card):
    assert sign_in("nurse").post(f"/cards/{card.id}/supersede/").status_code == 404
    assert (
        sign_in("nurse").post("/cards/12345678901234567890123/freeze/", {"reason": "lost"}).status_code == 404
    )
    assert queries.of_person(database.connection(), card.person) == (card,)


def test_what_no_database_takes_is_no_accident(sign_in, card):
    nurse, steward = sign_in("nurse"), sign_in("steward")

    assert nurse.post(f"/cards/{card.id}/freeze/", {"reason": "lost", "note": "a\0b"}).status_code == 302
    assert nurse.get("/cards/find/", {"q": "\0"}).status_code == 200
    assert nurse.post("/cards/scan/", {"code": "a\0b"}).status_code == 200
    assert nurse.get("/cards/person/a%00b/").status_code == 404
    assert nurse.get("/cards/patient/a%00b/").status_code == 404
    assert steward.get("/cards/batches/a%00b/").status_code == 404
    assert steward.get("/cards/list/", {"number": "a\0", "before": "9" * 30, "since": "x"}).status_code == 422


def test_family_is_bound_and_revoked(sign_in, wang):
    child = make.child()
    carer = issue(wang, Kind.PHYSICAL)
    client = sign_in("nurse")
    said = {
        "carer": codes.printed(carer.number), "relation": "guardian", "evidence": "court", "reference": "1号",
        "starts": "2026-01-01", "ends": "",
    }  # fmt: skip

    made = client.post(reverse("healthcard:bind", args=[child]), said, follow=True)
    [binding] = queries.bindings(database.connection(), child)

    assert "王桂兰" in text(made)
    assert (binding.carer, binding.relation) == (wang, "guardian")
    ended = client.post(
        reverse("healthcard:revoke", args=[wang, binding.id]), {"note": "孩子已随父亲生活"}, follow=True
    )
    assert "孩子已随父亲生活" in text(ended)
    assert queries.binding(database.connection(), binding.id).revoked is not None


def test_binding_of_others_cannot_be_revoked_from_somebodys_page(sign_in, wang):
    child = make.child()
    make.store(make.patient("z", name=[{"text": "旁人"}]))
    stranger = make.one_person("z")
    client = sign_in("nurse")
    said = {
        "carer": make.WANG,
        "relation": "guardian",
        "evidence": "court",
        "reference": "1",
        "starts": "2026-01-01",
    }
    client.post(reverse("healthcard:bind", args=[child]), said)
    [binding] = queries.bindings(database.connection(), child)

    answer = client.post(reverse("healthcard:revoke", args=[stranger, binding.id]), {"note": "x"})

    assert answer.status_code == 404
    assert queries.binding(database.connection(), binding.id) == binding


def test_wrong_binding_is_told_and_what_was_typed_kept(sign_in, wang):
    where = reverse("healthcard:bind", args=[make.child()])
    good = {
        "carer": make.WANG,
        "relation": "parent",
        "evidence": "court",
        "reference": "文书七号",
        "starts": "2026-01-01",
    }
    client = sign_in("nurse")

    for change, said in (
        ({"carer": "nobody"}, "扫描对方的印刷码"),
        ({"evidence": "authorisation"}, "证明"),
        ({"starts": ""}, "text-danger"),
        ({"carer": "11010519800101001" + checkdigits.resident("11010519800101001")}, "无人"),
    ):
        answer = client.post(where, {**good, **change})
        assert answer.status_code == 422
        assert said in text(answer)
        assert "文书七号" in text(answer)
    assert make.rows("healthcard_binding") == []


def test_carer_is_led_to_the_card_they_may_show(sign_in, wang):
    kid = make.child()
    card = issue(kid, now=clock.now())
    client = sign_in("nurse")
    said = {
        "carer": make.WANG,
        "relation": "guardian",
        "evidence": "court",
        "reference": "1",
        "starts": "2026-01-01",
    }
    client.post(reverse("healthcard:bind", args=[kid]), said)
    [binding] = queries.bindings(database.connection(), kid)
    link = f"{reverse('healthcard:show', args=[card.id])}?binding={binding.id}"

    assert link in text(client.get(reverse("healthcard:person", args=[wang])))
    page = text(client.get(link))
    shown = codes.read(re.search(r'data-code="(\w+)"', page)[1], now=clock.now())
    assert codes.subject_of(shown) == (card.id, binding.id)
    assert f"/code/?binding={binding.id}" in page


def test_every_code_that_is_given_out_is_noted(sign_in, card, cards):
    client = sign_in("nurse")
    client.get(address("code", card))

    access.flush()
    noted = cards.execute(
        "SELECT id, query FROM record_access WHERE action = 'card.show' ORDER BY id"
    ).fetchall()
    assert noted == [("a", card.short), ("b", card.short)]


def test_code_page_gives_a_fresh_code_each_time(sign_in, card):
    client = sign_in("nurse")
    found = [re.search(r'data-code="(\w+)"', text(client.get(address("code", card))))[1] for _ in range(2)]

    assert found[0] != found[1]
    for one in found:
        assert codes.subject_of(codes.read(one, now=clock.now())) == (card.id, None)


def test_card_that_is_not_active_has_no_code(sign_in, card):
    connection = database.connection()
    with connection.transaction():
        actions.change(connection, card=card.id, act=Act.FREEZE, reason="lost", actor=make.NURSE, now=NOW)

    for page in ("show", "code"):
        answer = sign_in("nurse").get(address(page, card))
        assert answer.status_code == 409
        assert "data-code" not in text(answer)


def test_code_is_not_shown_by_a_binding_that_is_not_there(sign_in, card):
    client = sign_in("nurse")
    for binding, status in (("1", 404), ("x", 400), ("-1", 400), ("9" * 30, 400)):
        answer = client.get(address("code", card), {"binding": binding})
        assert answer.status_code == status
        assert "data-code" not in text(answer)


def test_printed_card_has_the_code_of_its_number_and_no_identity_number(sign_in, card):
    said = text(sign_in("nurse").get(address("print", card)))

    assert str(codes.drawing(codes.printed(card.number))) in said
    assert make.WANG not in said


def test_receipt_masks_the_holder(sign_in, card):
    said = text(sign_in("nurse").get(address("receipt", card)))

    assert "王**" in said
    assert "王桂兰" not in said


def test_persons_are_found_by_number_and_name_with_their_cards(sign_in, card):
    client = sign_in("nurse")
    for typed in (make.WANG, "110105491231002", "王桂兰", "wgl", "15412345678"):
        said = text(client.get(address("find", card), {"q": typed}, headers={"HX-Request": "true"}))
        assert f"/cards/person/{card.person}/" in said
        assert "电子卡 · 有效" in said
    assert "未找到" in text(client.get(address("find", card), {"q": "无此人"}))


def test_patient_leads_to_the_person(sign_in, card):
    answer = sign_in("nurse").get(reverse("healthcard:patient", args=["b"]))

    assert (answer.status_code, answer["Location"]) == (302, reverse("healthcard:person", args=[card.person]))
    assert sign_in("nurse").get(reverse("healthcard:patient", args=["nobody"])).status_code == 404


def test_list_is_filtered_and_exported_and_noted(sign_in, card, cards):
    physical = issue(card.person, Kind.PHYSICAL, now=clock.now())
    client = sign_in("steward")

    listed = text(client.get(address("list", card), {"kind": "physical"}))
    exported = client.get(address("export", card), {"kind": "physical"})
    table = b"".join(exported.streaming_content).decode()

    assert (physical.short in listed, card.short in listed, "王**" in listed) == (True, False, True)
    assert table.startswith("\ufeff卡号,")
    assert [line.split(",")[0] for line in table.splitlines()[1:]] == [physical.number]
    assert "王" not in table
    access.flush()
    assert cards.execute(
        "SELECT action, query FROM record_access WHERE action LIKE 'card.%' ORDER BY action DESC"
    ).fetchall() == [("card.list", "kind=physical"), ("card.export", "kind=physical")]


def test_list_pages_on(sign_in, wang, cards, monkeypatch):
    monkeypatch.setattr(queries, "PAGE", 1)
    first, second = issue(wang, now=clock.now()), issue(wang, Kind.PHYSICAL, now=clock.now())
    client = sign_in("steward")

    page = text(client.get("/cards/list/")).split("<main")[1]
    older = re.search(r"before=(\d+)", page)
    rest = text(client.get("/cards/list/", {"before": older[1]})).split("<main")[1]

    assert (second.short in page, first.short in page) == (True, False)
    assert (second.short in rest, first.short in rest, "before=" in rest) == (False, True, False)


def test_list_is_filtered_by_number_and_institution(sign_in, card):
    physical = issue(
        card.person, Kind.PHYSICAL, now=clock.now(), issuer=Issuer("centre", "东门社区卫生服务中心")
    )
    client = sign_in("administrator")

    def listed(**wanted: str) -> list[bool]:
        page = text(client.get("/cards/list/", wanted))
        return [one.short in page for one in (card, physical)]

    assert listed(number=card.number[:4]) == listed(number=card.number[-4:].upper()) == [True, False]
    assert listed(number=physical.number[:20]) == listed(number=physical.number) == [False, True]
    assert listed(institution="centre") == [False, True]
    assert listed(institution="hospital") == [True, False]
    assert "东门社区卫生服务中心" in text(client.get("/cards/list/"))


def test_wrong_filter_is_told(sign_in, card):
    answer = sign_in("steward").get(address("list", card), {"number": "xyz!"})

    assert answer.status_code == 422
    assert "请输入至少四位" in text(answer)


def test_institutions_lists_hold_its_own_cards_and_uses_alone(sign_in, card):
    make.present(make.show(card))
    other, own, whole = sign_in("steward", "centre"), sign_in("steward"), sign_in("administrator", "centre")

    for page in ("list", "uses"):
        seen = [card.person in text(client.get(address(page, card))) for client in (other, own, whole)]
        assert seen == [False, True, True]
    assert len(b"".join(other.get(address("export", card)).streaming_content).splitlines()) == 1


def test_uses_of_a_person_are_a_table_for_the_resident(sign_in, card):
    make.present(make.show(card), counter="=1+1")
    make.present("x" * 10)

    answer = sign_in("doctor").get(address("person-uses", card))
    lines = b"".join(answer.streaming_content).decode().splitlines()

    assert len(lines) == 2
    assert ",'=1+1," in lines[1]
    assert lines[1].endswith("诊疗,出示码,通过,")


def test_batch_runs_and_reports(sign_in, wang):
    client = sign_in("steward")
    begun = client.post(
        reverse("healthcard:batches"), {"institution": "hospital", "kind": "virtual", "handed_over": "on"}
    )
    [job] = jobs.latest(batches.KIND, 1)
    jobs.work(job.id)
    for _ in range(100):
        if not jobs.find(job.id).unfinished:
            break
        clock_pause()

    assert (begun.status_code, begun["Location"]) == (302, reverse("healthcard:batch", args=[job.id]))
    said = text(client.get(begun["Location"]))
    assert ("完成" in said, "every 1s" in said) == (True, False)
    assert len(make.rows("healthcard_card")) == 1


def clock_pause():
    import time

    time.sleep(0.05)


def test_batch_of_another_is_not_found_and_not_stopped(sign_in, wang):
    job = batches.ask(institution="hospital", kind=Kind.VIRTUAL, handed_over=True, actor=make.STEWARD)
    other = sign_in("steward", "centre")

    assert other.get(reverse("healthcard:batch", args=[job.id])).status_code == 404
    assert other.post(reverse("healthcard:batch-cancel", args=[job.id])).status_code == 404
    assert jobs.find(job.id).state == "waiting"


def test_batch_for_another_institution_is_refused(sign_in, wang):
    answer = sign_in("steward", "centre").post(
        reverse("healthcard:batches"), {"institution": "hospital", "kind": "virtual"}
    )

    assert answer.status_code == 422
    assert jobs.latest(batches.KIND) == []

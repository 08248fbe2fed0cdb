"""The pages: whose record they show, what they refuse, and that a resident never reaches the staff's."""

from __future__ import annotations

import json
import re
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import get_resolver

from tests.api.caller import Caller
from tests.healthcard import make as cards
from tests.residents import make
from xinglin.accounts import sessions
from xinglin.accounts.actions import issue_token
from xinglin.accounts.models import Account
from xinglin.healthcard import codes as card_codes
from xinglin.kernel import clock
from xinglin.record import access
from xinglin.residents import acting, authorities, queries
from xinglin.residents.rules import State

PARTS = (
    "",
    "results/",
    "medicines/",
    "problems/",
    "encounters/",
    "documents/",
    "allergies/",
    "immunisations/",
    "print/",
)


@pytest.fixture
def enter(region, outbox):
    """A function that signs the account of a registration in."""

    def entering(registration) -> Client:
        client = Client()
        client.force_login(Account.objects.get(pk=registration.account))
        return client

    return entering


@pytest.fixture
def desk(region, outbox):
    """A function that signs somebody with a role in at the hospital."""

    def entering(role: str = "nurse") -> Client:
        account = Account.objects.create_user(
            f"desk-{role}", display_name="覃某", roles=[role], institution_id="hospital"
        )
        client = Client()
        client.force_login(account)
        return client

    return entering


def text(answer) -> str:
    return re.sub(r"\s+", " ", answer.content.decode())


def act_for(client: Client, held) -> None:
    assert client.post("/my/family/switch/", {"authority": held.id}).url == "/my/"


def test_home_and_every_part_of_the_own_record_open(enter):
    client = enter(make.wang())

    assert client.get("/my/").status_code == 200
    for part in PARTS:
        answer = client.get(f"/my/record/a/{part}")
        assert answer.status_code == 200, part
        assert "/residents/a/" not in text(answer), part
    assert client.get("/my/record/b/results/").status_code == 200  # the other Patient of the same person
    assert "/my/record/a/results/trend/" in text(client.get("/my/record/a/results/"))
    shown = text(client.get("/my/record/a/documents/DiagnosticReport/r-a/"))
    assert "结论 r-a &lt;script&gt;" in shown


@pytest.mark.parametrize("part", [*PARTS, "export/", "documents/DiagnosticReport/r-lin/", "results/trend/"])
def test_anothers_record_is_nowhere(enter, part):
    make.lin()
    wang = make.wang()
    client = enter(wang)

    answer = client.get(f"/my/record/lin/{part}")

    assert answer.status_code == 404
    assert "林志强" not in text(answer)
    access.flush()
    lines = [placed.line for placed in access.latest_of(queries_connection(), wang.actor, limit=20)]
    assert {line.outcome for line in lines} == {"deny"}


def queries_connection():
    from xinglin.record import database

    return database.connection()


def test_a_document_of_somebody_else_is_not_under_the_own_address(enter):
    client = enter(make.wang())

    for kind, id_ in (
        ("DiagnosticReport", "r-lin"),
        ("Observation", "o-a"),
        ("DiagnosticReport", "../r-lin"),
    ):
        answer = client.get(f"/my/record/a/documents/{kind}/{id_}/")
        assert answer.status_code == 404
        assert "结论" not in text(answer)


def test_what_is_unknown_and_what_is_anothers_look_alike(enter):
    make.lin()
    client = enter(make.wang())

    hidden, absent = client.get("/my/record/lin/"), client.get("/my/record/nobody-there/")

    assert hidden.status_code == absent.status_code == 404
    assert plain(hidden) == plain(absent).replace("nobody-there", "lin")


def plain(answer) -> str:
    """A page without the tokens of its forms."""
    return re.sub(r"[A-Za-z0-9]{64}", "", text(answer))


def staff_addresses() -> list[str]:
    """Every address of the pages that is not the residents' own, with something in its places."""
    found = []

    def walk(patterns, before: str) -> None:
        for pattern in patterns:
            path = before + str(pattern.pattern)
            if hasattr(pattern, "url_patterns"):
                walk(pattern.url_patterns, path)
            else:
                path = re.sub(r"<int:[^>]+>", "1", path)
                found.append("/" + re.sub(r"<[^>]+>", "a", path))

    walk(get_resolver().url_patterns, "")
    # apps may ask residents too, and all pages hear of changes
    theirs = ("/my/", "/sign-out/", "/language/", "/oauth/", "/ui/live/")
    return [one for one in found if not one.startswith(theirs)]


def test_no_page_of_the_staff_opens_for_a_resident(enter):
    client = enter(make.wang())
    addresses = staff_addresses()
    assert len(addresses) > 100

    for address in addresses:
        answer = client.get(address)
        if address in {"/", "/sign-in/", "/account/"}:
            assert answer.status_code == 302
            assert answer.url == "/my/"
        elif not address.startswith("/residents/a/consent/"):
            assert answer.status_code == 403, address
            assert client.post(address).status_code == 403, address


def test_the_consent_of_whom_one_acts_for_passes_and_anothers_does_not(enter):
    make.lin()
    client = enter(make.wang())

    assert client.get("/residents/a/consent/").status_code in {200, 404}  # the page is another package's
    assert client.get("/residents/lin/consent/").status_code == 403
    assert client.get("/residents/a/consent/../policy/").status_code == 403


def test_the_interface_for_machines_takes_no_session_and_a_token_opens_the_own_alone(enter):
    wang = make.wang()
    client = enter(wang)
    cookie = Caller(headers={"Cookie": f"sessionid={client.session.session_key}"})
    assert cookie("GET", "/Patient/a").status == 401

    token = issue_token(account=Account.objects.get(pk=wang.account), label="app")
    caller = Caller(f"Bearer {token}")

    assert caller("GET", "/Patient/a").status == 200
    for path in (
        "/Patient/lin",
        "/Observation/o-lin",
        "/Patient/lin/$everything",
        "/Observation/o-boy/_history",
    ):
        assert caller("GET", path).status == 404, path
    assert set(caller("GET", "/Observation?_count=100").ids) == {"o-a", "o-b"}
    assert caller("GET", "/Observation?patient=lin&_summary=count").json["total"] == 0
    assert caller("GET", "/$export", Prefer="respond-async").status == 403


def test_the_staff_does_not_open_the_residents_pages(desk):
    client = desk("doctor")

    assert client.get("/my/").status_code == 403
    assert client.get("/my/record/a/").status_code == 403
    assert client.get("/desk/residents/").status_code == 403


def test_the_file_to_take_along_has_all_of_the_own_and_nothing_else(enter):
    client = enter(make.wang())

    answer = client.get("/my/record/a/export/")
    bundle = json.loads(b"".join(answer.streaming_content))

    names = {f"{e['resource']['resourceType']}/{e['resource']['id']}" for e in bundle["entry"]}
    assert names >= {"Patient/a", "Patient/b", "Observation/o-a", "Observation/o-b", "DiagnosticReport/r-b"}
    assert not names & {"Patient/lin", "Patient/boy", "Observation/o-lin", "Observation/o-boy"}
    assert len(names) == len(bundle["entry"])
    assert answer["Content-Disposition"].startswith("attachment")


def test_a_parent_switches_to_the_child_and_back(enter):
    lin = make.lin()
    held = make.given(lin)
    client = enter(lin)
    assert client.get("/my/record/boy/").status_code == 404  # not before the switch

    act_for(client, held)

    assert "林小宝" in text(client.get("/my/record/boy/"))
    assert client.get("/my/record/lin/").status_code == 404  # nor the own one while acting for another
    access.flush()
    line = next(
        p.line
        for p in access.latest_of(queries_connection(), lin.actor, limit=50)
        if p.line.outcome == "permit"
    )
    assert line.purpose == "FAMRQT"
    client.post("/my/family/switch/", {"authority": ""})
    assert client.get("/my/record/lin/").status_code == 200


def test_nobody_switches_by_anothers_authority(enter):
    lin, wang = make.lin(), make.wang()
    held = make.given(lin)
    client = enter(wang)

    assert client.post("/my/family/switch/", {"authority": held.id}).status_code == 404
    assert client.post("/my/family/switch/", {"authority": "x' OR 1=1"}).url == "/my/"
    assert "acting" not in client.session


def test_a_withdrawal_ends_the_session_of_acting_in_its_middle(enter):
    lin = make.lin()
    held = make.given(lin)
    client = enter(lin)
    act_for(client, held)
    assert client.get("/my/record/boy/results/").status_code == 200

    authorities.withdraw(queries_connection(), number=held.id, actor=make.CLERK, now=clock.now())

    assert client.get("/my/record/boy/results/").status_code == 404
    assert "acting" not in client.session
    assert "林志强" in text(client.get("/my/"))


def test_the_holder_withdraws_and_a_stranger_cannot(enter):
    lin, wang = make.lin(), make.wang()
    held = make.given(lin, name="王桂兰", document=make.WANG, relation="child")
    for_boy = make.given(lin)
    client = enter(wang)
    assert "林志强" in text(client.get("/my/family/"))

    assert client.post(f"/my/family/{for_boy.id}/withdraw/").status_code == 404
    assert client.post(f"/my/family/{held.id}/withdraw/").url == "/my/family/"

    states = {a.id: a.state for a in queries.of_delegate(queries_connection(), lin.account)}
    assert states == {held.id: State.WITHDRAWN, for_boy.id: State.GIVEN}


def test_asking_by_the_page_and_approving_at_the_desk(enter, desk):
    lin = make.lin()
    client, clerk = enter(lin), desk()
    form = {
        "name": "林小宝", "document": make.BOY, "relation": "parent", "evidence": "household-register",
        "file": SimpleUploadedFile("../../x.exe", make.PNG, content_type="text/html"),
    }  # fmt: skip

    assert client.post("/my/family/", form).url == "/my/family/"

    (waiting,) = queries.asked(queries_connection())
    assert "林小宝" in text(clerk.get("/desk/residents/"))
    page = text(clerk.get(f"/desk/residents/requests/{waiting.id}/"))
    assert "Patient/boy" in page
    file = clerk.get(f"/desk/residents/requests/{waiting.id}/evidence/")
    assert (file.content, file["Content-Type"]) == (make.PNG, "image/png")
    assert file["Content-Disposition"] == f'attachment; filename="evidence-{waiting.id}.png"'
    assert file["X-Content-Type-Options"] == "nosniff"
    assert client.get(f"/desk/residents/requests/{waiting.id}/evidence/").status_code == 403
    answer = clerk.post(f"/desk/residents/requests/{waiting.id}/", {"reference": "第 3 页"})
    assert answer.url == "/desk/residents/"
    assert len(acting.choices(queries_connection(), lin, clock.now())) == 2


def test_a_wrong_file_is_said_on_the_page(enter):
    client = enter(make.lin())
    form = {
        "name": "林小宝", "document": make.BOY, "relation": "parent", "evidence": "household-register",
        "file": SimpleUploadedFile("x.png", b"<script>alert(1)</script>", content_type="image/png"),
    }  # fmt: skip

    answer = client.post("/my/family/", form)

    assert answer.status_code == 422
    assert make.rows("authority") == []


def test_who_looked_names_others_and_takes_a_complaint(enter):
    from xinglin.kernel.actor import Actor
    from xinglin.record.door import open_as

    wang = make.wang()
    open_as(Actor("account/77", "黄志远", frozenset({"doctor"}), institution="hospital")).read("Patient", "a")
    access.flush()
    client = enter(wang)

    page = text(client.get("/my/readers/"))
    assert "account/77" in page
    answer = client.post("/my/readers/", {"words": "我没有就诊", "place": ""})

    assert answer.url == "/my/readers/"
    assert "我没有就诊" in text(client.get("/my/readers/"))
    assert "请写明投诉的内容。" in text(
        client.post("/my/readers/", {"words": "", "place": ""})
    )  # to the resident


def test_the_card_shows_a_code_that_a_counter_accepts(enter):
    wang = make.wang()
    cards.issue(wang.person, now=clock.now())
    client = enter(wang)

    page = text(client.get("/my/card/"))
    code = re.search(r'data-code="([^"]+)"', text(client.get("/my/card/code/")))

    assert code is not None
    assert "xl-card-code" in page
    assert cards.present(code[1], now=clock.now()).accepted


def test_a_childs_card_is_shown_by_the_binding_of_the_approval(enter):
    lin = make.lin()
    held = make.given(lin)
    cards.issue(held.person, now=clock.now())
    client = enter(lin)
    act_for(client, held)

    code = re.search(r'data-code="([^"]+)"', text(client.get("/my/card/code/")))

    assert code is not None
    verdict = cards.present(code[1], now=clock.now())
    assert verdict.accepted
    assert "by-carer" in verdict.warnings


def test_the_phone_is_changed_with_a_code_to_the_new_one(enter, outbox):
    wang = make.wang()
    client = enter(wang)

    client.post("/my/account/phone/", {"phone": "15400000009"})
    assert client.post("/my/account/phone/", {"code": "nothing"}).status_code == 422
    client.post("/my/account/phone/", {"code": outbox.code()})

    assert queries.of_phone(queries_connection(), "15400000009").account == wang.account
    assert outbox.texts()[-1]["phone"] == make.WANG_PHONE  # who had it before is told
    assert queries.of_phone(queries_connection(), make.WANG_PHONE) is None


def test_a_resident_ends_only_own_sessions(enter):
    lin, wang = make.lin(), make.wang()
    other, client = enter(lin), enter(wang)
    theirs = Account.objects.get(pk=lin.account).sessions.get(ended=None)

    client.post(f"/my/account/sessions/{theirs.pk}/end/")

    assert other.get("/my/").status_code == 200


def test_leaving_closes_the_account(enter):
    wang = make.wang()
    client = enter(wang)
    assert client.get("/my/account/leave/").status_code == 200

    assert client.post("/my/account/leave/").url == "/my/sign-in/?left=1"

    assert queries.of_account(queries_connection(), wang.account) is None
    assert client.get("/my/").status_code == 302


def test_a_clerk_binds_an_account_after_seeing_the_document(desk):
    clerk = desk()
    form = {"name": "林志强", "document": make.LIN, "phone": "15400000002", "seen": "on"}
    assert clerk.post("/desk/residents/bind/", form | {"seen": ""}).status_code == 422

    assert clerk.post("/desk/residents/bind/", form).url == "/desk/residents/bind/"

    made = make.registration_of("林志强", make.LIN)
    assert made is not None
    assert (made.level.value, made.verifier_name) == ("desk", "覃某")
    assert clerk.post("/desk/residents/bind/", form).status_code == 422  # once
    assert len(make.rows("registration")) == 1


def test_the_desk_finds_ends_and_closes(desk):
    lin = make.lin()
    held = make.given(lin)
    clerk, who = desk(), {"name": "林志强", "document": make.LIN}
    assert "林小宝" in text(clerk.post("/desk/residents/accounts/", who))

    clerk.post("/desk/residents/accounts/", who | {"withdraw": held.id})
    assert queries.authority(queries_connection(), held.id).state is State.WITHDRAWN
    clerk.post("/desk/residents/accounts/", who | {"close": "1"})

    assert queries.of_account(queries_connection(), lin.account) is None


def open_kiosk(clerk, kiosk, code):
    number = re.search(r'class="xl-my-number">([^<]+)<', text(kiosk.get("/my/kiosk/")))
    return clerk.post("/desk/residents/kiosk/", {"number": number[1], "code": code})


def test_a_kiosk_opens_for_the_holder_of_a_scanned_card_and_soon_closes(desk):
    person = cards.one_person("a", "b")
    card = cards.issue(person, now=clock.now())
    clerk, kiosk = desk(), Client()
    code = card_codes.shown(card.id, now=clock.now())

    assert kiosk.post("/my/kiosk/wait/").status_code == 204
    assert open_kiosk(clerk, kiosk, code).url == "/desk/residents/kiosk/"
    answer = kiosk.post("/my/kiosk/wait/")

    assert answer["HX-Redirect"] == "/my/"
    assert "王桂兰" in text(kiosk.get("/my/"))
    assert kiosk.session[sessions.LIMITS] == [300, 300]
    assert make.registration_of("王桂兰", make.WANG).level.value == "card"
    assert kiosk.get("/my/record/a/export/").status_code == 403
    for path in ("/my/account/leave/", "/my/account/phone/", "/my/family/"):
        assert kiosk.post(path).status_code == 403, path
    session = kiosk.session
    session["signon"] = [clock.now().timestamp() - 301, clock.now().timestamp()]
    session.save()
    assert kiosk.get("/my/").status_code == 302


def test_a_kiosk_opens_not_for_a_printed_card_nor_twice_for_one_code(desk):
    person = cards.one_person("a", "b")
    card = cards.issue(person, now=clock.now())
    clerk, kiosk = desk(), Client()
    code = card_codes.shown(card.id, now=clock.now())

    assert open_kiosk(clerk, kiosk, card_codes.printed(card.number)).status_code == 422
    assert open_kiosk(clerk, kiosk, code).status_code == 302
    assert open_kiosk(clerk, Client(), code).status_code == 422
    assert open_kiosk(clerk, Client(), "nonsense").status_code == 422


def test_a_form_of_another_site_does_nothing(region, outbox):
    lin = make.lin()
    held = make.given(lin)
    client = Client(enforce_csrf_checks=True)
    client.force_login(Account.objects.get(pk=lin.account))

    assert client.post(f"/my/family/{held.id}/withdraw/").status_code == 403
    assert queries.authority(queries_connection(), held.id).state is State.GIVEN


def test_a_session_without_a_registration_is_ended(enter):
    wang = make.wang()
    client = enter(wang)
    queries_connection().execute(
        "UPDATE residents_registration SET closed = %s", [clock.now() - timedelta(1)]
    )

    assert client.get("/my/").url == "/my/sign-in/"
    assert "_auth_user_id" not in client.session


def test_who_holds_a_mandate_is_not_told_who_looked(enter):
    lin = make.lin()
    held = make.given(lin, name="王桂兰", document=make.WANG, relation="child")
    client = enter(lin)
    act_for(client, held)

    assert client.get("/my/readers/").status_code == 403
    assert "/my/choices/" not in text(client.get("/my/"))
    assert client.get("/residents/a/consent/").status_code == 403


def test_the_holder_is_told_of_a_new_authority(enter, outbox):
    lin, wang = make.lin(), make.wang()

    make.given(lin, name="王桂兰", document=make.WANG, relation="child")

    (sent,) = outbox.texts()
    assert sent["phone"] == make.WANG_PHONE
    assert "林志强" in sent["text"]
    assert "林志强" in text(enter(wang).get("/my/"))


def test_a_kiosk_shows_a_new_number_when_the_old_is_over_and_stays_a_kiosk(desk, region):
    kiosk = Client()
    kiosk.get("/my/kiosk/")
    assert kiosk.post("/my/kiosk/wait/").status_code == 204
    region.execute("UPDATE residents_kiosk SET expires = now() - interval '1 second'")
    assert kiosk.post("/my/kiosk/wait/")["HX-Refresh"] == "true"

    card = cards.issue(cards.one_person("a", "b"), now=clock.now())
    open_kiosk(desk(), kiosk, card_codes.shown(card.id, now=clock.now()))
    kiosk.post("/my/kiosk/wait/")

    assert 'http-equiv="refresh"' in text(kiosk.get("/my/"))  # the page leaves by itself
    assert kiosk.post("/my/sign-out/").url == "/my/kiosk/"
    assert kiosk.get("/my/").url == "/my/kiosk/"


def test_the_wrong_evidence_is_said_with_the_right(enter):
    form = {"name": "林小宝", "document": make.BOY, "relation": "parent", "evidence": "marriage-certificate",
            "file": SimpleUploadedFile("x.png", make.PNG)}  # fmt: skip

    answer = enter(make.lin()).post("/my/family/", form)

    assert "出生医学证明、户口簿" in answer.context["form"].errors["evidence"][0]
    assert make.rows("authority") == []


def test_administrators_of_accounts_do_not_meet_residents(desk):
    lin = make.lin()
    page = text(desk("administrator").get("/accounts/"))

    assert "林志强" not in page
    assert "desk-administrator" in page
    admin = Client()
    admin.force_login(Account.objects.get(username="desk-administrator"))
    assert admin.get(f"/accounts/{lin.account}/").status_code == 404


def test_pages_of_other_packages_show_a_resident_no_navigation_of_the_staff(enter):
    client = enter(make.wang())

    page = text(client.get("/residents/a/consent/"))

    assert "/persons/" not in page
    assert 'type="search"' not in page


def test_a_lost_card_is_frozen_by_its_holder_and_by_nobody_else(enter):
    wang, lin = make.wang(), make.lin()
    card = cards.issue(wang.person, now=clock.now())
    code = card_codes.shown(card.id, now=clock.now())

    assert enter(lin).post("/my/card/freeze/", {"card": card.id}).status_code == 404
    assert enter(wang).post("/my/card/freeze/", {"card": card.id}).url == "/my/card/"

    assert cards.present(code, now=clock.now()).why == "frozen"
    events = cards.rows("healthcard_event", "reason, actor")
    assert events[-1] == ("lost", wang.actor)


def test_the_index_answers_a_residents_token_with_the_own_person_alone(enter):
    make.lin()
    wang = make.wang()
    caller = Caller(f"Bearer {issue_token(account=Account.objects.get(pk=wang.account), label='app')}")
    lin = {
        "resourceType": "Patient",
        "name": [{"text": "林志强"}],
        "identifier": [{"system": "urn:oid:2.16.156.10011.1.3", "value": make.LIN}],
    }

    assert caller("POST", "/Patient/$match", lin).json["total"] == 0
    assert caller("GET", "/Patient/lin/$person").status == 404
    assert caller("GET", "/Patient/a/$person").status == 200
    source = f"sourceIdentifier=urn:oid:2.16.156.10011.1.3|{make.LIN}"
    assert caller("GET", f"/Patient/$ihe-pix?{source}").status == 404
    for method, path in (
        ("POST", "/Observation"),
        ("PUT", "/Observation/o-a"),
        ("DELETE", "/Observation/o-a"),
    ):
        body = make.observation("o-a", "a") if method != "DELETE" else None
        assert caller(method, path, body).status == 403, method
    assert {e["resource"]["id"] for e in caller("GET", "/Observation?_revinclude=*").json["entry"]} == {
        "o-a",
        "o-b",
    }

"""Pages in a clinic's own window: opened by a signed address, for one doctor and one page, and handed back."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from django.test import Client

from tests.tcm.adapter import make
from tests.tcm.adapter.conftest import KEYS
from tests.tcm.adapter.make import LIVER, ORIGIN, address
from tests.tcm.adapter.test_messages import SAMPLES, send, stored
from xinglin.exchange.naming import id_of
from xinglin.kernel.ids import self_number
from xinglin.tcm.adapter.models import Launch, Outcome, System

if TYPE_CHECKING:
    from xinglin.exchange.doors import Sender

pytestmark = pytest.mark.django_db(transaction=False)
HERBS = "党参15g\n黄芪20g\n当归10g\n酸枣仁15g(先煎)\n炙甘草6g"


@pytest.fixture
def secret(clinic: Sender, db: None) -> str:
    """A clinic whose system may open pages, and that has registered one patient."""
    for name in ("01-registration.xml", "02-catalogue.xml"):
        send(SAMPLES / "good" / name)
    return make.let_in(clinic)


def opened(secret: str, page: str, **more: Any) -> tuple[Client, str]:
    """A window in which a page was opened: the browser and the page's address."""
    window = Client()
    response = window.get(address(secret, page, **more))
    assert response.status_code == 303, response.content.decode()
    return window, response["Location"]


def handed(response: Any) -> dict[str, Any]:
    """What the page hands to the window around it."""
    found = re.search(
        r'<script id="outcome" type="application/json">(.*?)</script>', response.content.decode()
    )
    assert found is not None
    told: dict[str, Any] = json.loads(found[1])
    return told


# -- opening


@pytest.mark.parametrize("page", make.PAGES)
def test_every_page_is_drawn_in_windows_of_the_registered_origin_alone(
    secret: str, page: str, knowledge: None
) -> None:
    window, path = opened(secret, page)

    response = window.get(path)

    assert response.status_code == 200
    assert re.fullmatch(r"/framed/[0-9a-f]{20}/.*", path)
    assert "X-Frame-Options" not in response.headers
    assert f"frame-ancestors {ORIGIN};" in response["Content-Security-Policy"] + ";"
    assert response["Cross-Origin-Opener-Policy"] == "unsafe-none"
    assert "P1001" in response.content.decode()
    assert 'class="xl-bar"' not in response.content.decode()


def test_the_known_names_of_page_and_fields_are_understood(secret: str) -> None:
    fields = {
        "doctor": None, "patient": None, "visit": None, "resource": "AE_EDIT", "chisZggh": "D017",
        "patientid": "P1001", "clinicId": "M1",
    }  # fmt: skip

    _, path = opened(secret, "", **fields)

    assert path.endswith("/tcm/adapter/frame/differentiation/")


def test_a_form_that_is_posted_opens_as_a_link_does(secret: str) -> None:
    fields = make.signed(secret, make.fields("record"))

    response = Client(enforce_csrf_checks=True).post("/framed/open", fields)

    assert response.status_code == 303


def test_sm3_signs_too(secret: str) -> None:
    from xinglin.tcm.adapter import rules

    fields = make.fields("record", alg="HMAC-SM3")

    response = Client().get("/framed/open", {**fields, "sign": rules.signature(secret, fields)})

    assert response.status_code == 303


def refused(secret: str, page: str = "record", *, key: str = "", sign: str | None = None, **more: Any) -> Any:
    fields = make.signed(key or secret, make.fields(page, **more))
    response = Client().get("/framed/open", {**fields, **({"sign": sign} if sign is not None else {})})
    assert "xl-framed-sessionid" not in response.cookies
    assert Launch.objects.count() == 0
    return response


@pytest.mark.parametrize(
    ("more", "status", "said"),
    [
        ({"key": "xla_wrong"}, 403, "签名"),
        ({"sign": ""}, 403, "签名"),
        ({"time": "20200101000000"}, 403, "失效"),
        ({"time": "4102444800"}, 403, "时钟"),
        ({"time": "soon"}, 400, "time"),
        ({"nonce": "short"}, 400, "nonce"),
        ({"doctor": "D999"}, 403, "D999"),
        ({"doctor": None}, 400, "doctor"),
        ({"page": "everything"}, 404, "everything"),
        ({"origin": "https://evil.example"}, 403, "evil.example"),
        ({"patient": None}, 400, "patient"),
        ({"system": "nobody"}, 404, "nobody"),
    ],
)  # fmt: skip
def test_a_wrong_address_opens_nothing_and_says_why(
    secret: str, more: dict[str, Any], status: int, said: str
) -> None:
    response = refused(secret, **more)

    assert response.status_code == status
    assert said in response.content.decode()


def test_an_address_holds_once(secret: str) -> None:
    fields = make.signed(secret, make.fields("record"))
    first = Client().get("/framed/open", fields)

    second = Client().get("/framed/open", fields)

    assert (first.status_code, second.status_code) == (303, 409)
    assert Launch.objects.count() == 1


def test_a_changed_field_breaks_the_signature(secret: str) -> None:
    fields = make.signed(secret, make.fields("record"))

    response = Client().get("/framed/open", {**fields, "patient": "P2"})

    assert response.status_code == 403


def test_a_patient_whom_nobody_registered_is_asked_for(secret: str) -> None:
    response = Client().get(address(secret, "record", patient="P9"))

    assert response.status_code == 404
    assert "P9" in response.content.decode()


def test_a_refusal_can_be_read_in_the_clinics_window_and_in_nobody_elses(secret: str) -> None:
    known = refused(secret, doctor="D999")
    stranger = refused(secret, system="nobody")

    assert f"frame-ancestors {ORIGIN};" in known["Content-Security-Policy"] + ";"
    assert "X-Frame-Options" not in known.headers
    assert "frame-ancestors 'none'" in stranger["Content-Security-Policy"]
    assert stranger["X-Frame-Options"] == "DENY"


def test_the_platforms_own_pages_are_framed_nowhere(secret: str) -> None:
    response = Client().get("/sign-in/")

    assert "frame-ancestors 'none'" in response["Content-Security-Policy"]
    assert response["X-Frame-Options"] == "DENY"


def test_an_administrator_is_never_opened_by_a_clinic(secret: str) -> None:
    from xinglin.accounts.models import Account

    Account.objects.filter(username="li").update(roles=["doctor", "administrator"])

    assert refused(secret).status_code == 403


def test_an_account_of_another_institution_is_not_opened(secret: str) -> None:
    from xinglin.accounts.models import Account

    Account.objects.filter(username="li").update(institution_id="clinic-2")

    assert refused(secret).status_code == 403


def test_a_system_that_was_stopped_opens_nothing_and_its_windows_end(secret: str) -> None:
    window, path = opened(secret, "record")
    System.objects.update(active=False)

    after = window.get(path)

    assert after.status_code == 401
    assert Client().get(address(secret, "record")).status_code == 403


# -- within


def test_a_window_opens_its_own_page_and_nothing_else(secret: str) -> None:
    window, path = opened(secret, "differentiation")
    base = path.split("/tcm/")[0]

    others = ["/persons/find/", "/tcm/adapter/frame/record/", "/account/", "/tcm/adapter/", "/"]

    assert {one: window.get(base + one).status_code for one in others} == dict.fromkeys(others, 403)


def test_a_window_for_reading_takes_nothing(secret: str, knowledge: None) -> None:
    window, path = opened(secret, "knowledge")

    assert window.post(path, {}).status_code == 403


def test_a_windows_session_holds_under_its_own_address_alone(secret: str) -> None:
    window, path = opened(secret, "record")
    other = path.replace(path.split("/")[2], "0" * 20)
    carried = Client()
    carried.cookies["sessionid"] = window.cookies["xl-framed-sessionid"].value

    assert window.get(other).status_code == 401
    assert carried.get("/tcm/").status_code == 302
    assert window.get(path).status_code == 401  # it was carried elsewhere: it is over


def test_pages_for_windows_are_not_found_outside_of_one(secret: str) -> None:
    from xinglin.accounts.models import Account

    browser = Client()
    browser.force_login(Account.objects.get(username="li"))

    assert browser.get("/tcm/adapter/frame/record/").status_code == 404


def test_cookies_of_a_window_are_its_own_and_fit_for_a_frame_of_another_site(secret: str) -> None:
    window = Client(headers={"host": "localhost:8000"})

    response = window.get(address(secret, "record"))

    cookie = response.cookies["xl-framed-sessionid"]
    assert cookie["path"] == response["Location"][: len("/framed/") + 21]
    assert cookie.OutputString().endswith("; Partitioned")
    assert (cookie["samesite"], cookie["secure"], cookie["httponly"]) == ("None", True, True)
    assert [name for name in response.cookies if not name.startswith("xl-framed-")] == []


# -- deciding


def test_a_differentiation_is_handed_back_and_in_the_record(secret: str, knowledge: None) -> None:
    window, path = opened(secret, "differentiation")
    made = window.post(path, {"text": LIVER, "step": "propose"})
    term = made.context["made"].syndromes[0].term
    formula = made.context["made"].formulas[0].term

    response = window.post(
        path, {"text": LIVER, "step": "adopt", "term": term.id, "disease": "胁痛病", "therapy": "疏肝理气",
               "formula": formula.id}, follow=True,
    )  # fmt: skip

    told = handed(response)
    record, record_path = opened(secret, "record")
    begun = record.get(record_path).context["form"].initial
    assert (begun["inspection"], begun["palpation"], begun["disease"]) == ("舌苔薄白", "脉弦", "胁痛病")
    assert (told["kind"], told["visit"], told["patient"]) == ("differentiation", "M20261127001", "P1001")
    assert told["outcome"]["syndrome"] == {"term": term.id, "name": term.name}
    assert told["outcome"]["formula"]["herbs"] == list(formula.contains)
    assert told["outcome"]["diagnosis"][0]["name"] == f"胁痛病|{term.name}"
    assert f'data-origin="{ORIGIN}"' in response.content.decode()
    assert [one["code"]["text"] for one in stored("Condition")] == [f"胁痛病·{term.name}"]


def test_a_prescription_is_checked_and_handed_back_with_the_clinics_codes(secret: str) -> None:
    window, path = opened(secret, "prescription")

    response = window.post(
        path,
        {"name": "归脾汤加减", "text": HERBS, "doses": "7", "usage": "每日1剂", "step": "adopt"},
        follow=True,
    )

    told = handed(response)["outcome"]
    herbs = {one["drugName"]: one for one in told["drugDataList"]["DrugData"]}
    assert herbs["当归"] == {
        "drugCode": "YP0088",
        "drugName": "当归",
        "drugQuantity": "10",
        "drugUnit": "g",
        "note": "",
    }
    assert herbs["酸枣仁"]["note"] == "先煎"
    assert told["check"]["level"] in {None, "note"}
    assert len(stored("MedicationRequest")) == 5


def test_a_prescription_that_is_stopped_is_not_handed_back(secret: str) -> None:
    window, path = opened(secret, "prescription")

    response = window.post(path, {"text": "甘草6g\n甘遂1g", "doses": "3", "step": "adopt"})

    assert response.status_code == 422
    assert "甘遂" in response.content.decode()
    assert Outcome.objects.count() == 0
    assert stored("MedicationRequest") == []


def test_what_needs_a_second_signature_is_handed_back_when_it_is_signed(secret: str) -> None:
    window, path = opened(secret, "prescription")
    typed = {"text": "细辛6g\n桂枝9g", "doses": "3", "step": "adopt"}
    before = window.post(path, typed)

    response = window.post(path, {**typed, "reason": "need"}, follow=True)

    assert before.status_code == 422
    assert handed(response)["outcome"]["check"]["level"] == "second"


def test_a_record_that_is_written_in_a_window_is_in_the_record(secret: str) -> None:
    window, path = opened(secret, "record")
    typed = {
        "disease": "不寐病", "syndrome_name": "心脾两虚证", "western": "失眠", "priDepict": "失眠2周",
        "inspection": "舌淡苔薄白", "palpation": "脉细弱", "therapy": "补益心脾",
    }  # fmt: skip

    response = window.post(path, typed, follow=True)

    told = handed(response)["outcome"]
    assert told["diagnosis"][0]["code"] == "A04.01.13|B04.06.01.03.02"
    assert told["record"]["inspection"] == "舌淡苔薄白"
    assert {one["code"]["text"] for one in stored("Condition")} == {"不寐病·心脾两虚证", "失眠"}
    assert {one["code"]["text"] for one in stored("Observation")} == {"主诉", "治则治法", "中医四诊观察结果"}


def test_a_record_without_a_visit_is_kept_nowhere(secret: str) -> None:
    window, path = opened(secret, "record", visit=None)

    response = window.post(path, {"disease": "不寐病", "syndrome_name": "心脾两虚证", "priDepict": "失眠"})

    assert response.status_code == 422
    assert stored("Condition") == []


def test_a_constitution_is_handed_back_from_the_record(secret: str) -> None:
    window, path = opened(secret, "constitution")
    base = path.split("/tcm/")[0]
    before = window.post(f"{base}/tcm/adapter/frame/hand-back/")
    asked = window.get(f"{path}interview/").content.decode()
    answers = dict.fromkeys(re.findall(r'name="(q-[^"]+)"', asked), "3")
    instruments = re.findall(r'name="instrument" value="([^"]+)"', asked)
    window.post(f"{path}interview/", {**answers, "instrument": instruments[0]})

    response = window.post(f"{base}/tcm/adapter/frame/hand-back/", follow=True)

    assert before.status_code == 409
    assert len(handed(response)["outcome"]["types"]) == 9


# -- fetching


def ask(body: str, key: str = "") -> Any:
    headers = {"authorization": f"Bearer {key or KEYS['zyg01']}"}
    return Client(headers=headers).post("/tcm/adapter/messages", body, content_type="text/xml")


def question(kind: str, visit: str = "M20261127001") -> str:
    return (
        f"<Request><Header><sender>HIS</sender><msgType>{kind}</msgType><msgID>Q1</msgID></Header>"
        f"<Query><outpatientNo>{visit}</outpatientNo></Query></Request>"
    )


def test_the_clinics_server_fetches_what_was_decided(secret: str) -> None:
    from lxml import etree

    window, path = opened(secret, "prescription")
    window.post(path, {"name": "归脾汤", "text": HERBS, "doses": "7", "step": "adopt"})

    answer = ask(question("TCM_HIS_08"))

    said = etree.fromstring(answer.content)
    assert said.findtext("Result/code") == "0"
    assert [one.text for one in said.iterfind("Prescription/drugDataList/DrugData/drugName")] == [
        "党参", "黄芪", "当归", "酸枣仁", "炙甘草",
    ]  # fmt: skip
    assert Outcome.objects.get().fetched is not None


def test_a_question_without_an_answer_says_so(secret: str) -> None:
    answer = ask(question("TCM_HIS_09"))

    assert answer.status_code == 404
    assert "<code>3001</code>" in answer.content.decode()


def test_a_message_at_the_same_address_goes_through_the_door(secret: str) -> None:
    answer = ask((SAMPLES / "good" / "03-visit.xml").read_text("utf-8"))

    assert answer.status_code == 200
    assert [one["status"] for one in stored("Encounter")] == ["in-progress"]


@pytest.mark.parametrize("path", ["/tcm/adapter/messages", "/tcm/adapter/outcomes?visit=M20261127001"])
def test_nobody_without_the_key_is_answered(secret: str, path: str) -> None:
    client = Client(headers={"authorization": "Bearer xls_other"})

    answer = (
        client.post(path, question("TCM_HIS_08"), content_type="text/xml")
        if "messages" in path
        else client.get(path)
    )

    assert answer.status_code == 401


def test_a_system_without_a_key_in_its_client_is_known_by_name_and_network(
    secret: str, clinic: Sender
) -> None:
    from tests.exchange.make import STEWARD
    from xinglin.exchange import senders
    from xinglin.exchange.doors import Door
    from xinglin.kernel import clock, origin
    from xinglin.record import database

    details = senders.Details(
        "仁和中医馆", "clinic-1", [Door.TCM], application="HIS", facility="ZYG01", networks=["127.0.0.1"]
    )
    senders.change(database.connection(), code="zyg01", details=details, actor=STEWARD, now=clock.now())
    body = (SAMPLES / "good" / "01-registration.xml").read_text("utf-8").replace("P1001", "P7")

    seen = []
    for place in ("127.0.0.1", "10.0.0.1"):
        with origin.coming_from(origin.Origin(place)):
            seen.append(Client().post("/tcm/adapter/messages", body, content_type="text/xml").status_code)

    assert seen == [200, 401]
    assert len(stored("Patient", ("identifier", "urn:xinglin:zyg01:patient|P7"))) == 1


def test_everything_of_a_visit_is_fetched_as_json_and_the_look_is_noted(secret: str) -> None:
    from xinglin.record import access, database

    window, path = opened(secret, "record")
    window.post(path, {"disease": "不寐病", "syndrome_name": "心脾两虚证", "priDepict": "失眠"})
    client = Client(headers={"authorization": f"Bearer {KEYS['zyg01']}"})

    answer = client.get("/tcm/adapter/outcomes?visit=M20261127001")

    access.flush()
    noted = (
        database.connection()
        .execute("SELECT actor, patient FROM record_access WHERE action = 'tcm-outcomes'")
        .fetchall()
    )
    assert [one["kind"] for one in answer.json()["outcomes"]] == ["record"]
    assert noted == [("sender/zyg01", self_number("Patient", id_of("zyg01", "Patient", "P1001")))]


# -- the desk


@pytest.mark.parametrize(("role", "status"), [("administrator", 200), ("doctor", 403), ("steward", 403)])
def test_systems_are_registered_by_administrators(secret: str, role: str, status: int) -> None:
    from xinglin.accounts.models import Account

    browser = Client()
    browser.force_login(Account.objects.create_user(role, display_name=role, roles=[role]))

    seen = [browser.get("/tcm/adapter/").status_code, browser.get("/tcm/adapter/systems/zyg01/").status_code]

    assert seen == [status, status]


def test_an_administrator_registers_a_system_gives_a_key_and_maps_a_doctor(secret: str) -> None:
    from xinglin.accounts.models import Account
    from xinglin.tcm.adapter import queries

    browser = Client()
    browser.force_login(Account.objects.create_user("root", display_name="韦建平", roles=["administrator"]))
    base = "/tcm/adapter/systems/zyg01/"

    wrong = browser.post(base, {"origins": "*", "pages": ["record"]})
    browser.post(base, {"origins": "https://a.example\nhttp://10.1.2.3:8080/", "pages": ["record"]})
    shown = browser.post(base + "key/")
    unfit = browser.post(base + "doctors/", {"number": "D1", "username": "root"})
    browser.post(base + "doctors/", {"number": "D018", "username": "li"})
    browser.post(base + "doctors/", {"forget": "D017"})

    _, system = queries.system_of("zyg01")
    assert (wrong.status_code, unfit.status_code) == (422, 422)
    assert system.origins == ["https://a.example", "http://10.1.2.3:8080"]
    assert queries.secret_of(system) in shown.content.decode()
    assert queries.secret_of(system) != secret
    assert [doctor.number for doctor, _ in queries.doctors(system)] == ["D018"]

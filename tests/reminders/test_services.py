"""The face for other systems: what CDS Hooks 2.0 asks, its own examples, and the shapes of its sandbox."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from django.test import Client
from joserfc import jwt
from joserfc.jwk import ECKey

from tests.reminders.conftest import allergy, drafts, medicine, person, potassium, stored
from xinglin.accounts.actions import issue_token
from xinglin.accounts.events import NOWHERE
from xinglin.accounts.models import Account
from xinglin.kernel import clock
from xinglin.record import access
from xinglin.reminders.values import Hook
from xinglin.smart import queries as apps
from xinglin.smart import registering
from xinglin.smart.registering import Deed, Draft

BASE = "http://testserver"
INSTANCE = "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea"
KEY = ECKey.generate_key("P-256", {"kid": "d9cd3c4f", "use": "sig"})
OTHER = ECKey.generate_key("P-256", {"kid": "d9cd3c4f", "use": "sig"})


@pytest.fixture
def his(connection: Any) -> Client:
    """A hospital's system with the token of an account."""
    account = Account.objects.create_user(
        "his", display_name="HIS", roles=["doctor"], institution_id="hospital"
    )
    return Client(
        enforce_csrf_checks=True,
        headers={"Authorization": f"Bearer {issue_token(account=account, label='t')}"},
    )


def post(client: Client, path: str, body: Any, **headers: str) -> Any:
    return client.post(path, json.dumps(body), content_type="application/json", headers=headers)


def request(hook: str = "patient-view", patient: str = "p1", **more: Any) -> dict[str, Any]:
    context = {"userId": "Practitioner/example", "patientId": patient, **more.pop("context", {})}
    return {"hookInstance": INSTANCE, "hook": hook, "context": context, **more}


def ask(client: Client, body: dict[str, Any], **headers: str) -> Any:
    return post(client, f"/cds-services/{body['hook']}", body, **headers)


def test_discovery_names_a_service_for_each_hook_to_anybody(client: Client, db: None) -> None:
    answer = client.get("/cds-services", headers={"Origin": "https://sandbox.example"})

    services = answer.json()["services"]
    assert [one["hook"] for one in services] == [str(hook) for hook in Hook]
    assert all(one["id"] and one["title"] and one["description"] for one in services)
    assert services[0]["prefetch"]["patient"] == "Patient/{{context.patientId}}"
    assert answer["Access-Control-Allow-Origin"] == "*"


def test_cards_are_as_the_specification_says(his: Client) -> None:
    stored(person(), potassium(6.9))

    answer = ask(his, request(), **{"Accept-Language": "en"})

    (card,) = answer.json()["cards"]
    assert answer.status_code == 200
    assert card["summary"].startswith("Critical: potassium 6.9 mmol/L")
    assert len(card["summary"]) < 140
    assert card["indicator"] == "critical"
    assert card["source"]["label"]
    assert card["selectionBehavior"] == "any"
    (suggestion,) = card["suggestions"]
    (action,) = suggestion["actions"]
    assert (action["type"], action["resource"]["resourceType"]) == ("create", "ServiceRequest")
    assert card["links"][0]["url"] == f"{BASE}/reminders/rules/critical-result/"
    assert {one["code"] for one in card["overrideReasons"]} == {"done-elsewhere", "informed", "not-true"}
    assert all(one["display"] and one["system"] for one in card["overrideReasons"])
    assert _empty(card) == []


def _empty(value: Any, place: str = "") -> list[str]:
    """Members that are null or empty, which CDS Hooks leaves out."""
    if value is None or value in ("", [], {}):
        return [place]
    if isinstance(value, dict):
        return [found for name, one in value.items() for found in _empty(one, f"{place}.{name}")]
    if isinstance(value, list):
        return [found for one in value for found in _empty(one, place)]
    return []


def test_nothing_to_say_is_an_empty_list(his: Client) -> None:
    stored(person())

    answer = ask(his, request())

    assert (answer.status_code, answer.json()) == (200, {"cards": []})


# -- the examples of the specification

SPEC_VIEW = {
    "hookInstance": INSTANCE, "fhirServer": "http://hooks.smarthealthit.org:9080", "hook": "patient-view",
    "fhirAuthorization": {
        "access_token": "some-opaque-fhir-access-token", "token_type": "Bearer", "expires_in": 300,
        "scope": "patient/Patient.read patient/Observation.read", "subject": "cds-service4",
    },
    "context": {"userId": "Practitioner/example", "patientId": "1288992", "encounterId": "89284"},
    "prefetch": {
        "patientToGreet": {
            "resourceType": "Patient", "gender": "male", "birthDate": "1925-12-23", "id": "1288992", "active": True,
        }
    },
}  # fmt: skip


def spec_orders(rate: Any) -> dict[str, Any]:
    """The draft orders of the examples: a diet, and a medicine by RxNorm; ``rate`` is where its dose stands."""
    subject = {"reference": "Patient/1288992"}
    return {
        "resourceType": "Bundle",
        "entry": [
            {"resource": {
                "resourceType": "NutritionOrder", "id": "pureeddiet-simple", "status": "draft",
                "patient": subject, "dateTime": "2014-09-17",
                "oralDiet": {"type": [{"text": "Pureed diet"}]},
            }},
            {"resource": {
                "resourceType": "MedicationRequest", "id": "smart-MedicationRequest-103", "status": "draft",
                "meta": {"lastUpdated": "2018-04-30T13:25:40.845-04:00"}, "intent": "order", "subject": subject,
                "medicationCodeableConcept": {
                    "coding": [{"system": "http://www.nlm.nih.gov/research/umls/rxnorm", "code": "617993"}],
                    "text": "Amoxicillin 120 MG/ML / clavulanate potassium 8.58 MG/ML Oral Suspension",
                },
                "dosageInstruction": [{
                    "text": "5 mL bid x 10 days",
                    "timing": {"repeat": {"frequency": 2, "period": 1, "periodUnit": "d"}}, **rate,
                }],
                "dispenseRequest": {"expectedSupplyDuration": {"value": 10, "unit": "days", "code": "d"}},
            }},
        ],
    }  # fmt: skip


ML = {"doseQuantity": {"value": 5, "unit": "mL", "system": "http://unitsofmeasure.org", "code": "mL"}}
SELECTED = ["NutritionOrder/pureeddiet-simple", "MedicationRequest/smart-MedicationRequest-103"]


def test_the_specification_s_request_is_answered_from_what_it_brings(his: Client) -> None:
    answer = post(his, "/cds-services/patient-view", SPEC_VIEW, **{"Accept-Language": "en"})

    assert answer.status_code == 200
    assert [one["summary"] for one in answer.json()["cards"]] == [
        f"Aged {_years(1925, 12, 23)}: no yearly examination in the last 365 days"
    ]


def _years(year: int, month: int, day: int) -> int:
    today = clock.now().date()
    return today.year - year - ((today.month, today.day) < (month, day))


@pytest.mark.parametrize(
    "rate", [{"doseAndRate": ML}, ML, {"doseAndRate": [ML]}], ids=["object", "stu3", "r4"]
)
@pytest.mark.parametrize("hook", ["order-select", "order-sign"])
def test_the_specification_s_orders_are_checked(his: Client, hook: str, rate: Any) -> None:
    stored(person("1288992"), allergy("penicillin", "1288992"))
    context: dict[str, Any] = {"draftOrders": spec_orders(rate), "encounterId": "89284"}
    if hook == "order-select":
        context["selections"] = SELECTED

    answer = ask(his, request(hook, "1288992", context=context))

    found = answer.json()["cards"]
    assert [one["extension"]["cn.xinglin.rule"]["id"] for one in found] == ["allergy-medicine"]
    assert found[0]["suggestions"][0]["actions"][0] == {
        "type": "delete", "description": "撤销这条未签署的医嘱", "resourceId": SELECTED[1],
    }  # fmt: skip


@pytest.mark.parametrize("hook", ["encounter-start", "encounter-discharge"])
def test_the_specification_s_encounters_are_answered(his: Client, hook: str) -> None:
    stored(person("1288992"))

    answer = ask(his, request(hook, "1288992", context={"encounterId": "456"}))

    assert answer.status_code == 200
    wanted = ["discharge-plan"] if hook == "encounter-discharge" else []
    assert [one["extension"]["cn.xinglin.rule"]["id"] for one in answer.json()["cards"]] == wanted


def test_extensions_are_let_pass(his: Client) -> None:
    stored(person())
    body = request(extension={"com.example.timestamp": "2017-11-27T22:13:25Z"})

    assert ask(his, body).status_code == 200


# -- prefetch


def test_nothing_is_read_of_what_was_sent(his: Client, connection: Any) -> None:
    stored(person(), potassium(6.9))
    access.flush()
    connection.execute("DELETE FROM record_access")
    empty = {"resourceType": "Bundle", "type": "searchset", "entry": []}
    keys = ("allergies", "conditions", "medications", "statements", "results", "encounters", "appointments")

    answer = ask(his, request(prefetch={"patient": person(), **dict.fromkeys(keys, empty)}))

    access.flush()
    assert answer.json() == {"cards": []}
    assert connection.execute("SELECT count(*) FROM record_access").fetchone() == (0,)


def test_a_record_of_some_megabytes_may_be_sent_along(his: Client) -> None:
    stored(person())
    entries = [{"resource": potassium(6.9, 2 + n / 1000, f"k{n}")} for n in range(7000)]
    page = {"resourceType": "Bundle", "type": "searchset", "entry": entries}

    answer = ask(his, request(prefetch={"results": page}))

    assert len(json.dumps(page)) > 2_621_440
    assert len(answer.json()["cards"]) == 1


def test_what_was_not_sent_is_read_and_null_is_nothing(his: Client) -> None:
    stored(person(), potassium(6.9))

    with_results = ask(his, request(prefetch={"patient": person(), "conditions": None}))
    without = ask(his, request(prefetch={"results": None}))

    assert len(with_results.json()["cards"]) == 1
    assert without.json() == {"cards": []}


def test_a_page_of_results_with_more_behind_it_does_not_count_as_all(his: Client) -> None:
    stored(person(), potassium(6.9))
    page = {
        "resourceType": "Bundle", "type": "searchset", "entry": [],
        "link": [{"relation": "next", "url": "https://ehr.example/next"}],
    }  # fmt: skip

    assert len(ask(his, request(prefetch={"results": page})).json()["cards"]) == 1


def test_a_patient_that_is_neither_here_nor_sent_is_a_failed_precondition(his: Client) -> None:
    answer = ask(his, request(patient="nobody"))

    assert answer.status_code == 412
    assert answer.json()["error"]["code"] == "not-found"


def test_an_id_of_another_server_never_opens_a_record_of_ours(his: Client) -> None:
    stored(person(), potassium(6.9))
    body = request(fhirServer="https://ehr.example/fhir")

    assert ask(his, body).status_code == 412
    assert ask(his, body | {"prefetch": {"patient": person()}}).json() == {"cards": []}


def test_a_patient_of_another_server_is_known_by_the_identifiers(his: Client) -> None:
    number = {"system": "urn:oid:2.16.156.10011.1.3", "value": "110101196605010015"}
    stored(person(identifier=[number]), potassium(6.9))
    theirs = person("their-own-id", identifier=[{"system": "urn:ehr", "value": "77"}, number])

    answer = ask(
        his,
        request(patient="their-own-id", fhirServer="https://ehr.example/fhir", prefetch={"patient": theirs}),
    )

    assert [one["extension"]["cn.xinglin.rule"]["id"] for one in answer.json()["cards"]] == [
        "critical-result"
    ]


# -- what is refused

WRONG = [
    ("no JSON", "[", 400),
    ("no object", [], 400),
    ("no hookInstance", {"hook": "patient-view", "context": {"userId": "P/1", "patientId": "p1"}}, 400),
    ("another hook", {**request(), "hook": "order-sign"}, 400),
    ("no context", {"hookInstance": INSTANCE, "hook": "patient-view"}, 400),
    ("no user", {"hookInstance": INSTANCE, "hook": "patient-view", "context": {"patientId": "p1"}}, 400),
    ("a patient that is no text", request(context={"patientId": 7}), 400),
    ("prefetch that is no object", request(prefetch=[1]), 400),
]


@pytest.mark.parametrize(("body", "status"), [row[1:] for row in WRONG], ids=[row[0] for row in WRONG])
def test_what_is_no_request_is_refused_with_what_is_wrong(his: Client, body: Any, status: int) -> None:
    stored(person())
    text = body if isinstance(body, str) else json.dumps(body)

    answer = his.post("/cds-services/patient-view", text, content_type="application/json")

    assert answer.status_code == status
    assert answer.json()["error"]["text"]


def test_a_service_that_is_none_is_not_found(his: Client) -> None:
    assert post(his, "/cds-services/appointment-book", request()).status_code == 404


def test_drafts_that_are_not_shaped_as_fhir_are_passed_over(his: Client) -> None:
    stored(person())
    odd = [
        1, "x", None, {"resource": 3}, {"resource": {"resourceType": "MedicationRequest", "dosageInstruction": 5}},
        {"resource": {"resourceType": "MedicationRequest", "id": 4, "medicationCodeableConcept": {"coding": "x"}}},
        {"resource": {"resourceType": "ServiceRequest", "code": {"coding": [{"code": 5}], "text": 7}}},
    ]  # fmt: skip
    context = {"draftOrders": {"resourceType": "Bundle", "entry": odd}}

    assert ask(his, request("order-sign", context=context)).json() == {"cards": []}


def test_who_names_nobody_is_asked_to(client: Client, connection: Any) -> None:
    answer = ask(client, request())

    assert answer.status_code == 401
    assert answer["WWW-Authenticate"].startswith("Bearer")


def test_who_may_not_be_reminded_is_refused_and_that_is_noted(connection: Any) -> None:
    account = Account.objects.create_user("warehouse", display_name="W", roles=["steward"])
    client = Client(headers={"Authorization": f"Bearer {issue_token(account=account, label='t')}"})
    stored(person())
    access.flush()
    connection.execute("DELETE FROM record_access")

    answer = ask(client, request())

    access.flush()
    assert answer.status_code == 403
    assert connection.execute("SELECT action, outcome FROM record_access").fetchall() == [
        ("cds-hooks", "deny")
    ]


# -- clients that sign, as the sandbox does


@pytest.fixture
def sandbox(connection: Any) -> Any:
    keys = json.dumps({"keys": [KEY.as_dict(private=False)]})
    draft = Draft(
        name="Sandbox", kind="asymmetric", redirects=(), scopes=("system/*.rs",), jwks=keys,
        institution_id="hospital",
    )  # fmt: skip
    made = registering.register(draft=draft, deed=Deed("test", NOWHERE, clock.now()))[0]
    apps.forget_origins()
    return made


def signed(app: Any, *, key: Any = KEY, service: str = "patient-view", **more: Any) -> str:
    now = int(time.time())
    claims = {
        "iss": "https://sandbox.cds-hooks.org", "sub": app.client_id, "aud": f"{BASE}/cds-services/{service}",
        "exp": now + 300, "iat": now, "jti": str(time.time_ns()), **more,
    }  # fmt: skip
    header = {"alg": "ES256", "typ": "JWT", "kid": "d9cd3c4f"}
    return jwt.encode(header, {k: v for k, v in claims.items() if v is not None}, key, algorithms=["ES256"])


def sandbox_request() -> dict[str, Any]:
    """As the sandbox composes it: context with patientId first, its own server, data by the keys of discovery."""
    return {
        "hookInstance": INSTANCE, "hook": "patient-view", "fhirServer": f"{BASE}/fhir",
        "context": {"patientId": "p1", "userId": "Practitioner/COREPRACTITIONER1"}, "prefetch": {"patient": person()},
    }  # fmt: skip


def test_the_sandbox_is_answered(client: Client, sandbox: Any) -> None:
    stored(person(), potassium(6.9))

    answer = ask(
        client, sandbox_request(), Authorization=f"Bearer {signed(sandbox)}", Accept="application/json"
    )

    assert answer.status_code == 200
    assert len(answer.json()["cards"]) == 1


def test_a_signature_counts_once_for_its_address_by_its_key(client: Client, sandbox: Any) -> None:
    stored(person())
    token = signed(sandbox)
    wrong = [
        signed(sandbox, key=OTHER), signed(sandbox, service="order-sign"), signed(sandbox, exp=int(time.time()) - 900),
        signed(sandbox, sub="somebody"), signed(sandbox, jti=None), signed(sandbox, exp=None),
    ]  # fmt: skip

    first = ask(client, sandbox_request(), Authorization=f"Bearer {token}")
    again = ask(client, sandbox_request(), Authorization=f"Bearer {token}")
    refused = [ask(client, sandbox_request(), Authorization=f"Bearer {one}").status_code for one in wrong]

    assert (first.status_code, again.status_code) == (200, 401)
    assert refused == [401] * len(wrong)


def test_a_client_reads_what_it_was_registered_for(client: Client, connection: Any) -> None:
    keys = json.dumps({"keys": [KEY.as_dict(private=False)]})
    draft = Draft(name="Narrow", kind="asymmetric", redirects=(), scopes=("system/Condition.rs",), jwks=keys)
    narrow = registering.register(draft=draft, deed=Deed("test", NOWHERE, clock.now()))[0]
    stored(person(), potassium(6.9))

    answer = ask(client, sandbox_request(), Authorization=f"Bearer {signed(narrow)}")

    assert (answer.status_code, "critical-result" in answer.content.decode()) == (403, False)


def test_pages_of_registered_apps_alone_are_handed_answers(his: Client) -> None:
    public = Draft(
        name="EHR in a browser", kind="public", redirects=("https://ehr.example/back",), scopes=("user/*.rs",)
    )
    registering.register(draft=public, deed=Deed("test", NOWHERE, clock.now()))
    apps.forget_origins()
    stored(person())

    known = ask(his, request(), Origin="https://ehr.example")
    other = ask(his, request(), Origin="https://evil.example")
    before = his.options("/cds-services/patient-view", headers={"Origin": "https://ehr.example"})

    assert known["Access-Control-Allow-Origin"] == "https://ehr.example"
    assert "Access-Control-Allow-Origin" not in other
    assert (before.status_code, before["Access-Control-Allow-Methods"]) == (204, "GET, POST, OPTIONS")


# -- feedback


def test_feedback_is_kept(his: Client, connection: Any) -> None:
    stored(person(), allergy(), potassium(6.9))
    (card,) = ask(his, request()).json()["cards"]
    signing = request("order-sign", context={"draftOrders": drafts(medicine("J01CA04"))})
    (other,) = ask(his, signing).json()["cards"]
    at = "2026-11-27T00:00:00Z"
    accepted = {"card": card["uuid"], "outcome": "accepted", "outcomeTimestamp": at,
                "acceptedSuggestions": [{"id": card["suggestions"][0]["uuid"]}]}  # fmt: skip
    overridden = {
        "card": other["uuid"], "outcome": "overridden", "outcomeTimestamp": at,
        "overrideReason": {
            "reason": {"code": "benefit", "system": "urn:xinglin:codes:override-reason"}, "userComment": "重症",
        },
    }  # fmt: skip

    first = post(his, "/cds-services/patient-view/feedback", {"feedback": [accepted]})
    second = post(his, "/cds-services/order-sign/feedback", {"feedback": [overridden]})

    assert (first.status_code, second.status_code) == (200, 200)
    assert connection.execute(
        "SELECT rule, outcome, reason, comment <> '' FROM reminders_firing ORDER BY rule"
    ).fetchall() == [
        ("allergy-medicine", "overridden", "benefit", True),
        ("critical-result", "accepted", "", False),
    ]
    assert ask(his, signing).json() == {"cards": []}


@pytest.mark.parametrize(
    "more",
    [{"card": "no uuid"}, {"outcome": "ignored"}, {"outcomeTimestamp": "yesterday"},
     {"outcome": "accepted", "acceptedSuggestions": []}],
    ids=["card", "outcome", "time", "suggestions"],
)  # fmt: skip
def test_feedback_that_is_wrong_is_refused_and_nothing_is_kept(
    his: Client, connection: Any, more: Any
) -> None:
    stored(person(), potassium(6.9))
    (card,) = ask(his, request()).json()["cards"]
    good = {"card": card["uuid"], "outcome": "overridden", "outcomeTimestamp": "2026-11-27T00:00:00Z"}

    answer = post(his, "/cds-services/patient-view/feedback", {"feedback": [good, good | more]})

    assert answer.status_code == 400
    assert connection.execute("SELECT outcome FROM reminders_firing").fetchall() == [("",)]


def test_feedback_of_a_card_that_never_fired_is_not_found(his: Client) -> None:
    said = {"card": INSTANCE, "outcome": "overridden", "outcomeTimestamp": "2026-11-27T00:00:00Z"}

    assert post(his, "/cds-services/patient-view/feedback", {"feedback": [said]}).status_code == 404

"""Reminders: cards of a patient with thousands of entries, all rules, beside a bare read of the same record.

Usage: python benchmarks/reminders.py [--entries 5000] [--years 8] [--rounds 300] [--home DIR]

The record is that of somebody with diabetes, hypertension and kidney disease: results, medicines, reports, visits. It
is asked at the hooks that read most and, with two drafted medicines and an examination, at signing. Measured are the
rules alone, the whole verb that the pages call, and the request of CDS Hooks through the server's view; the ratio is
to one read of everything of the same record, in the same process. With ``--years 1`` all entries lie in the year that
rules look at.
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

_LOINC = (
    "2823-3", "2951-2", "14682-9", "22664-7", "14933-6", "62238-1", "4548-4", "14771-0", "14647-2", "14927-8",
    "22748-8", "14646-4", "1742-6", "1920-8", "1751-7", "14631-6", "6690-2", "770-8", "789-8", "718-7", "777-3",
    "1988-5", "3016-3", "14920-3", "33762-6",
)  # fmt: skip
_MONTH = {"value": 30, "unit": "天", "system": "http://unitsofmeasure.org", "code": "d"}
_ATC = ("C08CA01", "C09CA03", "A10BA02", "A10BB09", "C10AA05", "B01AC06", "A02BC01", "C07AB02")


def begin(home: Path) -> None:
    """Django, with a database of its own that has the tables."""
    from xinglin.config import embedded

    os.environ["DATABASE_URL"] = embedded.ensure_running(home)
    os.environ["XINGLIN_HOME"] = str(home)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "xinglin.config.settings")
    import django

    django.setup()
    from django.core.management import call_command

    from xinglin.kernel import memory

    call_command("migrate", verbosity=0)
    memory.settle(100_000, 50, 100)  # as the server does


def entry(n: int, at: datetime, dice: random.Random) -> dict[str, Any]:
    """The n-th entry of the record: most are results."""
    when, kind = at.isoformat(), n % 20
    about = {"id": f"bench-{n}", "subject": {"reference": "Patient/bench"}}
    if kind < 14:
        code = dice.choice(_LOINC)
        return {
            "resourceType": "Observation", "status": "final", "effectiveDateTime": when, "issued": when,
            "category": [{"coding": [{"system": "http://terminology.hl7.org/CodeSystem/observation-category",
                                      "code": "laboratory", "display": "Laboratory"}]}],
            "code": {"coding": [{"system": "http://loinc.org", "code": code}], "text": f"项目{code}"},
            "performer": [{"display": "市第一人民医院"}],
            "valueQuantity": {"value": round(dice.uniform(1, 9), 2), "unit": "mmol/L", "code": "mmol/L",
                              "system": "http://unitsofmeasure.org"},
            "referenceRange": [{"low": {"value": 3.5}, "high": {"value": 5.3}, "text": "3.5-5.3 mmol/L"}], **about,
        }  # fmt: skip
    if kind < 16:
        return {
            "resourceType": "MedicationRequest", "status": "completed", "intent": "order", "authoredOn": when,
            "medicationCodeableConcept": {"coding": [{"system": "http://www.whocc.no/atc", "code": dice.choice(_ATC)}]},
            "dispenseRequest": {"expectedSupplyDuration": _MONTH}, **about,
        }  # fmt: skip
    if kind < 17:
        return {
            "resourceType": "DiagnosticReport", "status": "final", "effectiveDateTime": when,
            "code": {"text": dice.choice(("胸部CT平扫", "肝功能", "血常规", "腹部彩超"))}, **about,
        }  # fmt: skip
    if kind < 18:
        code = dice.choice(("I10.x09", "E11.900", "N18.300", "J06.900"))
        return {
            "resourceType": "Condition", "recordedDate": when,
            "code": {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10", "code": code}]}, **about,
        }  # fmt: skip
    return {
        "resourceType": "Encounter", "status": "finished", "class": {"code": "AMB" if n % 40 else "IMP"},
        "period": {"start": when, "end": when}, **about,
    }  # fmt: skip


def fill(entries: int, years: float) -> None:
    from xinglin.kernel.actor import SYSTEM
    from xinglin.record.door import open_as
    from xinglin.record.steps import Step, Verb

    dice, door, now = random.Random(1), open_as(SYSTEM), datetime.now(UTC)
    person = {"resourceType": "Patient", "id": "bench", "birthDate": "1949-03-12", "gender": "female"}
    noted = {
        "resourceType": "AllergyIntolerance", "id": "bench-a", "patient": {"reference": "Patient/bench"},
        "code": {"text": "青霉素过敏"},
        "clinicalStatus": {"coding": [{
            "system": "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical", "code": "active",
        }]},
    }  # fmt: skip
    every = [person, noted]
    every += [
        entry(n, now - timedelta(days=years * 365 * n / entries, minutes=n % 600), dice)
        for n in range(entries - 2)
    ]
    for begins in range(0, len(every), 500):
        some = every[begins : begins + 500]
        door.transaction([Step(Verb.UPDATE, one["resourceType"], one["id"], one) for one in some])


def drafts() -> dict[str, Any]:
    def medicine(id_: str, atc: str) -> dict[str, Any]:
        return {"resource": {
            "resourceType": "MedicationRequest", "id": id_, "status": "draft", "intent": "order",
            "medicationCodeableConcept": {"coding": [{"system": "http://www.whocc.no/atc", "code": atc}]},
            "subject": {"reference": "Patient/bench"},
        }}  # fmt: skip

    order = {"resourceType": "ServiceRequest", "id": "s1", "status": "draft", "intent": "order",
             "code": {"text": "胸部CT平扫"}, "subject": {"reference": "Patient/bench"}}  # fmt: skip
    listed = [medicine("d1", "J01CA04"), medicine("d2", "M01AE01"), {"resource": order}]
    return {"resourceType": "Bundle", "type": "collection", "entry": listed}


def timed(what: Callable[[], object], rounds: int) -> tuple[float, float, float]:
    """Median and 99th percentile, and this process's own time in the mean, in milliseconds."""
    for _ in range(5):
        what()
    taken, used = [], time.process_time()
    for _ in range(rounds):
        begun = time.perf_counter()
        what()
        taken.append((time.perf_counter() - begun) * 1000)
    own = (time.process_time() - used) * 1000 / rounds
    return statistics.median(taken), statistics.quantiles(taken, n=100)[98], own


def bare() -> Callable[[], object]:
    """One read of everything of the record, unpacked and joined as it is sent, without parsing."""
    from xinglin.kernel.actor import SYSTEM
    from xinglin.record.door import open_as

    door = open_as(SYSTEM)
    return lambda: sum(len(one.stored.text) for one in door.everything("Patient", "bench", []).entries)


def rules_alone(hook: str) -> Callable[[], object]:
    from xinglin.kernel import clock
    from xinglin.kernel.actor import SYSTEM
    from xinglin.record.door import open_as
    from xinglin.reminders import charting, firing, reading
    from xinglin.reminders.asking import Case
    from xinglin.reminders.values import Hook

    today = clock.now().date()
    chart = charting.chart_of(reading.read(open_as(SYSTEM), "bench", today), "bench")
    drafted = charting.drafts_of(charting.resources_of(drafts()))
    return lambda: firing.fire(Case(chart, Hook(hook), today, drafted))


def verb(hook: str) -> Callable[[], object]:
    from xinglin.kernel.actor import SYSTEM
    from xinglin.record.door import open_as
    from xinglin.reminders.actions import cards_for

    context = {"draftOrders": drafts()} if hook.startswith("order") else {}
    return lambda: cards_for(open_as(SYSTEM), "bench", hook, context)


def request(hook: str) -> Callable[[], object]:
    """The request of CDS Hooks through the view."""
    from django.test import Client

    from xinglin.accounts.actions import issue_token
    from xinglin.accounts.models import Account

    account = Account.objects.filter(username="bench").first() or Account.objects.create_user(
        "bench", display_name="Bench", roles=["doctor"]
    )
    token = issue_token(account=account, label=hook)
    context: dict[str, Any] = {"patientId": "bench", "userId": "Practitioner/x"}
    if hook.startswith("order"):
        context["draftOrders"] = drafts()
    body = {"hook": hook, "hookInstance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea", "context": context}
    client = Client(HTTP_AUTHORIZATION=f"Bearer {token}")

    def asked() -> object:
        answer = client.post(f"/cds-services/{hook}", body, content_type="application/json")
        assert answer.status_code == 200, answer.content
        return answer

    return asked


def main() -> None:
    reader = argparse.ArgumentParser(description=__doc__)
    reader.add_argument("--entries", type=int, default=5000)
    reader.add_argument("--years", type=float, default=8)
    reader.add_argument("--rounds", type=int, default=300)
    reader.add_argument("--home", type=Path)
    asked = reader.parse_args()
    begin(asked.home or Path(tempfile.mkdtemp(prefix="xinglin-reminders-")))
    fill(asked.entries, asked.years)
    base, slow, bare_own = timed(bare(), max(asked.rounds // 3, 20))
    print(
        f"bare read of {asked.entries} entries: median {base:.1f} ms, p99 {slow:.1f} ms, own {bare_own:.1f} ms"
    )
    for hook in ("patient-view", "order-sign"):
        for part, what in (("rules", rules_alone(hook)), ("verb", verb(hook)), ("request", request(hook))):
            median, slow, own = timed(what, asked.rounds)
            said = f"median {median:.2f} ms, p99 {slow:.2f} ms, own {own:.2f} ms"
            print(f"{hook}, {part}: {said}, {own / bare_own:.2f} of a bare read", flush=True)


if __name__ == "__main__":
    main()

"""The record's page by real HTTP: server time with 50 and with 5,000 entries, its weight, and many doctors at once.

Usage: python benchmarks/record_page.py [--rounds 40] [--doctors 200] [--seconds 60] [--think 30] [--only 50,5000]

A fresh database and a real server on this machine, whose cores client, server and database share. Opening a record is
its page (banner and index) and the cards that the page then asks for; each request is timed by itself. The weight is
that of the page, its cards and the files it names, each compressed with gzip.

The doctors each open a record with all its cards over one kept-alive connection, then read it for ``--think`` seconds
(spread evenly around that) before they open the next.
"""

from __future__ import annotations

import argparse
import gzip
import http.client
import os
import random
import re
import shutil
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
from client import drive
from people import person
from run import ROOT, Bench, machine, served

from xinglin.kernel import checkdigits

if TYPE_CHECKING:
    from collections.abc import Iterator

CARDS = ("changes", "timeline", "trends", "results", "documents", "medicines", "problems", "immunisations")
PARTS = ("encounters", "allergies", "conflicts", "tcm", "images", "summary", "sources")
_SHARES = {  # of a record: what of a hundred entries are which
    "Observation": 66, "MedicationRequest": 11, "Encounter": 6, "DiagnosticReport": 6, "Condition": 5,
    "DocumentReference": 3, "Immunization": 2, "AllergyIntolerance": 1,
}  # fmt: skip
_TESTS = [(f"{1000 + n}-{n % 10}", f"检验项目{n}") for n in range(60)]
_LOINC = "http://loinc.org"
_OF_INSTITUTIONS = 3
_WARM = 5


def entries(number: int, count: int) -> Iterator[dict[str, Any]]:
    """The entries of a record, about the Patients ``p<number>-0`` to ``-2``; always the same."""
    chance = random.Random(number)
    for kind, share in _SHARES.items():
        for n in range(max(count * share // 100, 1)):
            day = (
                f"{chance.randrange(2018, 2027)}-{chance.randrange(1, 11):02d}-{chance.randrange(1, 29):02d}"
            )
            about = {"reference": f"Patient/p{number}-{chance.randrange(_OF_INSTITUTIONS)}"}
            yield {
                "resourceType": kind,
                "id": f"{kind}-{number}-{n}",
                **_content(kind, n, day, about, chance),
            }


def _content(kind: str, n: int, day: str, about: dict[str, str], chance: random.Random) -> dict[str, Any]:
    coded = "http://terminology.hl7.org/CodeSystem"
    if kind == "Observation":
        code, text = _TESTS[n % len(_TESTS)]
        bounds = [{"low": {"value": 4, "unit": "mmol/L"}, "high": {"value": 8, "unit": "mmol/L"}}]
        return {
            "status": "final", "subject": about, "effectiveDateTime": day, "referenceRange": bounds,
            "category": [{"coding": [{"system": f"{coded}/observation-category", "code": "laboratory"}]}],
            "code": {"coding": [{"system": _LOINC, "code": code}], "text": text},
            "valueQuantity": {"value": round(chance.uniform(3, 10), 1), "unit": "mmol/L"},
        }  # fmt: skip
    if kind == "MedicationRequest":
        return {
            "status": "completed", "intent": "order", "subject": about, "authoredOn": day,
            "medicationCodeableConcept": {"text": f"药品{n % 40} 5mg"},
            "dosageInstruction": [{"text": "口服，一次1片，一日2次"}],
            "dispenseRequest": {"expectedSupplyDuration": {"value": 30, "unit": "天"}},
        }  # fmt: skip
    if kind == "Encounter":
        return {
            "status": "finished", "subject": about, "type": [{"text": f"科室{n % 12}"}],
            "class": {"system": f"{coded}/v3-ActCode", "code": "IMP" if n % 12 == 0 else "AMB"},
            "period": {"start": f"{day}T09:00:00+08:00", "end": f"{day}T09:30:00+08:00"},
        }  # fmt: skip
    if kind == "DiagnosticReport":
        return {
            "status": "final", "subject": about, "effectiveDateTime": day, "code": {"text": f"报告{n % 20}"},
            "category": [{"coding": [{"system": f"{coded}/v2-0074", "code": "RAD" if n % 5 == 0 else "LAB"}]}],
            "conclusion": "未见明显异常。" * 5,
        }  # fmt: skip
    if kind == "Condition":
        active = [{"system": f"{coded}/condition-clinical", "code": "active"}]
        icd = [{"system": "http://hl7.org/fhir/sid/icd-10", "code": f"J{n % 30:02d}.9"}]
        return {
            "subject": about, "recordedDate": day, "clinicalStatus": {"coding": active},
            "code": {"coding": icd, "text": f"疾病{n % 30}"},
        }  # fmt: skip
    if kind == "DocumentReference":
        return {
            "status": "current", "subject": about, "date": f"{day}T10:00:00+08:00", "type": {"text": "门诊病历"},
            "content": [{"attachment": {"contentType": "text/plain", "data": "5Li76K+J77ya5aS05pmV"}}],
        }  # fmt: skip
    if kind == "Immunization":
        return {
            "status": "completed", "patient": about, "occurrenceDateTime": day,
            "vaccineCode": {"text": f"疫苗{n % 12}"},
        }  # fmt: skip
    active = [{"system": f"{coded}/allergyintolerance-clinical", "code": "active"}]
    return {
        "patient": about, "recordedDate": day, "code": {"text": f"过敏原{n % 6}"}, "clinicalStatus": {"coding": active},
    }  # fmt: skip


def patients(number: int) -> list[dict[str, Any]]:
    """One person as several institutions know the same."""
    somebody = person(number)
    system = "urn:oid:2.16.156.10011.1.3"
    serial = f"450102{somebody.born:%Y%m%d}{number % 1000:03d}"
    return [
        {
            "resourceType": "Patient", "id": f"p{number}-{n}", "name": [{"text": somebody.name}],
            "birthDate": f"{somebody.born}", "gender": "male" if somebody.sex == "1" else "female",
            "identifier": [{"system": system, "value": serial + checkdigits.resident(serial)}],
            "managingOrganization": {"reference": f"Organization/o{n}", "display": f"第{n + 1}人民医院"},
        }
        for n in range(_OF_INSTITUTIONS)
    ]  # fmt: skip


def store(bench: Bench, number: int, count: int) -> str:
    """Store a record; the id of its first Patient."""
    organizations = [
        {"resourceType": "Organization", "id": f"o{n}", "name": f"第{n + 1}人民医院"}
        for n in range(_OF_INSTITUTIONS)
    ]
    whole = [*organizations, *patients(number), *entries(number, count)]
    for first in range(0, len(whole), 200):
        steps = [
            {"resource": r, "request": {"method": "PUT", "url": f"{r['resourceType']}/{r['id']}"}}
            for r in whole[first : first + 200]
        ]
        body = orjson.dumps({"resourceType": "Bundle", "type": "transaction", "entry": steps})
        drive(bench.port, [bench.post("/fhir", body, "Prefer: return=minimal\r\n")], connections=1)
    return f"p{number}-0"


def signed_in(count: int) -> list[str]:
    """The cookies of so many doctors."""
    from django.test import Client

    from xinglin.accounts.models import Account

    found = []
    for n in range(count):
        account, _ = Account.objects.get_or_create(
            username=f"doctor-{n}", defaults={"display_name": f"医生{n}", "roles": ["doctor"]}
        )
        browser = Client()
        browser.force_login(account)
        found.append(browser.cookies["sessionid"].value)
    return found


def get(path: str, cookie: str, *, piece: bool = False) -> bytes:
    """The bytes of a request for a page, or a piece of one."""
    more = "HX-Request: true\r\n" if piece else ""
    return (
        f"GET {path} HTTP/1.1\r\nHost: localhost\r\nCookie: sessionid={cookie}; django_language=zh-hans\r\n"
        f"Accept: text/html\r\n{more}\r\n"
    ).encode()


def requests_of(patient: str) -> list[tuple[str, str, bool]]:
    """Name, path and whether it is a piece, of all that opening a record asks."""
    page = [("page", f"/residents/{patient}/", False)]
    return page + [(card, f"/residents/{patient}/{card}/?card=1", True) for card in CARDS]


def times(bench: Bench, patient: str, cookie: str, rounds: int, label: str) -> None:
    """Each request of an opening by itself, and the other parts as pages."""
    parts = [(part, f"/residents/{patient}/{part}/", False) for part in PARTS]
    for name, path, piece in [*requests_of(patient), *parts]:
        asked = get(path, cookie, piece=piece)
        drive(bench.port, [asked] * _WARM, connections=1)
        found = drive(bench.port, [asked] * rounds, connections=1)
        target = {"50": "p95 60 ms", "5000": "p95 150 ms"}[label] if name == "page" else ""
        figures = f"p50 {found.percentile(0.5):.0f} ms, p95 {found.percentile(0.95):.0f} ms"
        bench.report(f"{label} entries: {name}", figures, target=target)


def weight(bench: Bench, patient: str, cookie: str, label: str) -> None:
    """What goes over the wire, compressed."""
    connection = http.client.HTTPConnection("127.0.0.1", bench.port, timeout=60)

    def body(path: str, *, piece: bool = False) -> bytes:
        more = {"HX-Request": "true"} if piece else {}
        connection.request("GET", path, headers={"Cookie": f"sessionid={cookie}", **more})
        return connection.getresponse().read()

    pieces = {name: body(path, piece=piece) for name, path, piece in requests_of(patient)}
    named = re.findall(rb'(?:src|href)="(/static/[^"]+)"', pieces["page"])
    files = {path: body(path.decode()) for path in named}
    shown = sum(len(gzip.compress(body, 6)) for body in pieces.values())
    static = sum(len(gzip.compress(body, 6)) for body in files.values())
    bench.report(
        f"{label} entries: weight, gzip", f"{(shown + static) / 1024:.0f} KB", target="600 KB with charts",
        note=f"{shown / 1024:.0f} KB of pages, {static / 1024:.0f} KB of files that are kept",
    )  # fmt: skip


def together(bench: Bench, patients: list[str], cookies: list[str], seconds: float, think: float) -> None:
    """All doctors at once."""
    taken: list[float] = []
    opened: list[float] = []
    wrong: list[int] = []
    until = time.monotonic() + seconds

    def doctor(number: int) -> None:
        chance = random.Random(number)
        connection = http.client.HTTPConnection("127.0.0.1", bench.port, timeout=60)
        head = {"Cookie": f"sessionid={cookies[number]}; django_language=zh-hans"}
        time.sleep(chance.uniform(0, think))
        while time.monotonic() < until:
            begun = time.monotonic()
            for _, path, piece in requests_of(chance.choice(patients)):
                at = time.monotonic()
                connection.request("GET", path, headers={**head, "HX-Request": "true"} if piece else head)
                answer = connection.getresponse()
                answer.read()
                taken.append(time.monotonic() - at)
                if answer.status != 200:
                    wrong.append(answer.status)
            opened.append(time.monotonic() - begun)
            connection.close()  # the server ends what is silent for so long
            time.sleep(chance.uniform(0.5 * think, 1.5 * think))

    threads = [threading.Thread(target=doctor, args=(n,)) for n in range(len(cookies))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    taken.sort()
    opened.sort()
    bench.report(
        f"{len(cookies)} doctors, {think:.0f} s between records",
        f"p50 {taken[len(taken) // 2] * 1000:.0f} ms, p95 {taken[int(len(taken) * 0.95)] * 1000:.0f} ms",
        target="p95 1 s",
        note=f"{len(taken)} requests, {len(wrong)} refused; a record with all cards p50"
        f" {opened[len(opened) // 2]:.2f} s, p95 {opened[int(len(opened) * 0.95)]:.2f} s",
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--doctors", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--think", type=float, default=30.0)
    parser.add_argument("--only", default="50,5000")
    options = parser.parse_args()
    os.environ.setdefault("XINGLIN_LIMITS", str(ROOT / "tests" / "unlimited.toml"))
    os.environ.setdefault("XINGLIN_POLICY", "open")
    home = Path(tempfile.mkdtemp(prefix="xinglin-benchmark-"))
    bench, server = served(home)
    try:
        print(machine())
        cookies = signed_in(max(options.doctors, 1))
        for label in options.only.split(","):
            patient = store(bench, int(label), int(label))
            with bench.database() as connection:
                connection.execute("VACUUM ANALYZE")
            times(bench, patient, cookies[0], options.rounds, label)
            weight(bench, patient, cookies[0], label)
        if options.doctors:
            some = [store(bench, 10 + n, 50 if n % 5 else 1000) for n in range(20)]
            together(bench, some, cookies, options.seconds, options.think)
    finally:
        server.terminate()
        server.wait(30)
        from xinglin.config import embedded

        embedded.stop(home)
        shutil.rmtree(home, ignore_errors=True)


if __name__ == "__main__":
    main()

"""Residents, accounts and authorities for tests."""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from tests.healthcard import make as cards
from xinglin.kernel import checkdigits, clock
from xinglin.kernel.actor import Actor
from xinglin.record import database
from xinglin.residents import actions, authorities, finding, queries
from xinglin.residents.actions import Proof
from xinglin.residents.rules import Level

if TYPE_CHECKING:
    from pathlib import Path

    from xinglin.residents.queries import Authority, Registration

KEYS = os.environ["XINGLIN_KEYS"]
WANG, WANG_PHONE = cards.WANG, "15412345678"
LIN_PHONE = "15487654321"
CLERK = Actor("account/900001", "覃美玲", frozenset({"nurse"}), institution="hospital")
PNG = b"\x89PNG\r\n\x1a\n" + bytes(40) + b"IEND\xaeB`\x82"
NOW = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)


def number(born: str, order: str = "123") -> str:
    """An identity number of a division that was never given out."""
    first = f"459801{born.replace('-', '')}{order}"
    return first + checkdigits.resident(first)


LIN = number("1980-05-05")
BOY = number("2020-06-01", "125")
HIV = {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10", "code": "B20.901", "display": "HIV"}]}


def person(id_: str, name: str, born: str, document: str, phone: str = "") -> str:
    cards.store(
        cards.patient(
            id_, name=[{"text": name}], birthDate=born, gender="male",
            identifier=[{"system": "urn:oid:2.16.156.10011.1.3", "value": document}],
            **({"telecom": [{"system": "phone", "value": phone}]} if phone else {}),
        )
    )  # fmt: skip
    return cards.one_person(id_)


def observation(id_: str, patient: str, value: float = 9.1) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "id": id_,
        "status": "final",
        "subject": {"reference": f"Patient/{patient}"},
        "code": {"text": "空腹血糖", "coding": [{"system": "http://loinc.org", "code": "1558-6"}]},
        "effectiveDateTime": "2026-10-01",
        "valueQuantity": {"value": value, "unit": "mmol/L"},
    }


def report(id_: str, patient: str) -> dict[str, Any]:
    return {
        "resourceType": "DiagnosticReport",
        "id": id_,
        "status": "final",
        "subject": {"reference": f"Patient/{patient}"},
        "code": {"text": "胸部CT"},
        "effectiveDateTime": "2026-10-01",
        "conclusion": f"结论 {id_} <script>alert(1)</script>",
    }


def region() -> None:
    """Wang (a, b), Lin (lin) and the boy (boy), each with a result and a report."""
    cards.wang()
    person("lin", "林志强", "1980-05-05", LIN, LIN_PHONE)
    person("boy", "林小宝", "2020-06-01", BOY)
    for patient in ("a", "b", "lin", "boy"):
        cards.store(observation(f"o-{patient}", patient), report(f"r-{patient}", patient))


def registered(name: str, document: str, phone: str, now: datetime | None = None) -> Registration:
    """An account bound at a desk."""
    connection = database.connection()
    match = finding.find(connection, name, document)
    assert match is not None
    return actions.bind(
        connection,
        match=match,
        phone=phone,
        proof=Proof(Level.DESK, "document", CLERK),
        now=now or clock.now(),
    )


def lin() -> Registration:
    return registered("林志强", LIN, LIN_PHONE)


def wang() -> Registration:
    return registered("王桂兰", WANG, WANG_PHONE)


def wish(
    name: str = "林小宝", document: str = BOY, relation: str = "parent", **more: Any
) -> authorities.Wish:
    given = {"evidence": "household-register", "file": PNG, **more}
    return authorities.Wish(name, document, relation, **given)


def given(registration: Registration, *, now: datetime | None = None, **more: Any) -> Authority:
    """An authority, asked for and approved."""
    connection, now = database.connection(), now or clock.now()
    asked = authorities.ask(connection, registration=registration, wish=wish(**more), now=now)
    seen = authorities.Seen("户口簿第 3 页", consent=True)
    return authorities.approve(connection, number=asked, seen=seen, actor=CLERK, now=now)


def later(**more: float) -> datetime:
    return clock.now() + timedelta(**more)


def rows(table: str, columns: str = "*") -> list[tuple[Any, ...]]:
    return database.connection().execute(f"SELECT {columns} FROM residents_{table} ORDER BY 1").fetchall()


def registration_of(name: str, document: str) -> Registration | None:
    connection = database.connection()
    match = finding.find(connection, name, document)
    return queries.of_person(connection, match.person) if match else None


@dataclass(frozen=True, slots=True)
class Outbox:
    """The texts that were sent."""

    path: Path

    def texts(self) -> list[dict[str, str]]:
        return [json.loads(line) for line in self.path.read_text().splitlines()] if self.path.exists() else []

    def code(self) -> str:
        """The latest code."""
        found = re.search(r"\d{6}", self.texts()[-1]["text"])
        assert found is not None
        return found[0]

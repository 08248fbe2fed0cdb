"""Messages for tests, through the FHIR door and through a small door of the tests' own."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from xinglin.exchange import naming
from xinglin.exchange.doors import ERROR, Door, Envelope, Reason, Translated
from xinglin.exchange.receipts import Delivery
from xinglin.kernel.actor import Actor
from xinglin.kernel.errors import invalid

if TYPE_CHECKING:
    from xinglin.exchange.doors import Sender

STEWARD = Actor("account/1", "刘洋", frozenset({"administrator"}))


def empty() -> None:
    """Leave no sender, and nothing that one has sent."""
    from xinglin.exchange import senders
    from xinglin.record import database

    with database.connect() as connection:
        connection.execute(
            "DELETE FROM exchange_step; DELETE FROM exchange_message; DELETE FROM exchange_raw;"
            " DELETE FROM exchange_minute; DELETE FROM exchange_counted; DELETE FROM exchange_sender_event;"
            " DELETE FROM exchange_sender"
        )
    senders.forget()


def patient(id_: str = "p1", name: str = "张三", **more: Any) -> dict[str, Any]:
    return {"resourceType": "Patient", "id": id_, "name": [{"text": name}], **more}


def observation(id_: str = "o1", subject: str = "p1", value: float = 6.5, **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "id": id_,
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "4548-4"}]},
        "subject": {"reference": f"Patient/{subject}"},
        "valueQuantity": {"value": value, "unit": "%"},
        **more,
    }


def bundle(*resources: dict[str, Any], control: str | None = None, kind: str = "collection") -> bytes:
    made: dict[str, Any] = {
        "resourceType": "Bundle",
        "type": kind,
        "entry": [{"resource": r} for r in resources],
    }
    if control is not None:
        made["identifier"] = {"system": "urn:test", "value": control}
    return json.dumps(made, ensure_ascii=False).encode()


def delivery(sender: Sender, body: bytes, *, door: Door = Door.FHIR, key: str = "") -> Delivery:
    return Delivery(sender, door, body, "application/fhir+json", key)


@dataclass
class Lines:
    """A door of the tests' own: ``kind|control|patient|name``, a line a message.

    ``merge`` gives up the Patient in the place of the name, ``slip`` makes the handler fail.
    """

    seen: list[bytes] = field(default_factory=list)

    def open(self, body: bytes, media: str, sender: Sender) -> Envelope:
        parts = body.decode(sender.charset or "utf-8").split("|")
        if len(parts) != 4:
            raise invalid("A line has four parts.", code="structure", expression="line")
        return Envelope(parts[0], parts[1], parts[2])

    def translate(self, body: bytes, media: str, sender: Sender) -> Translated:
        self.seen.append(body)
        kind, control, number, name = body.decode(sender.charset or "utf-8").split("|")
        if kind == "slip":
            raise RuntimeError("the handler slips")
        if not name:
            return Translated(reasons=(Reason(ERROR, "required", "name", "The name is missing."),))
        id_ = naming.id_of(sender.code, "Patient", number)
        if kind == "merge":
            old = naming.id_of(sender.code, "Patient", name)
            return Translated(({"resourceType": "Patient", "id": id_},), links=((old, id_),))
        told: dict[str, Any] = {"resourceType": "Patient", "id": id_, "name": [{"text": name}]}
        if kind == "full":
            told["gender"] = "female"
        if not control:
            return Translated((told,))
        visit = {
            "resourceType": "Encounter",
            "id": naming.id_of(sender.code, "Encounter", control),
            "status": "finished",
            "class": {"code": "AMB"},
            "subject": {"reference": f"Patient/{id_}"},
        }
        return Translated((told, visit))


def line(kind: str, control: str, number: str, name: str) -> bytes:
    return f"{kind}|{control}|{number}|{name}".encode()

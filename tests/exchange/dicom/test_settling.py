"""From the tables to the record."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.exchange.dicom import make
from tests.exchange.dicom.test_taking import send
from xinglin.exchange.dicom import actions, queries, settling
from xinglin.exchange.naming import id_of, system_of
from xinglin.kernel import clock
from xinglin.kernel.actor import SYSTEM
from xinglin.kernel.errors import Fault, Kind
from xinglin.record.door import open_as

if TYPE_CHECKING:
    from xinglin.exchange.doors import Sender
    from xinglin.record.database import Connection

LATER = timedelta(seconds=30)


def study_of(sender: Sender) -> dict[str, Any]:
    return open_as(SYSTEM).read("ImagingStudy", id_of(sender.code, "ImagingStudy", make.STUDY)).resource


def test_a_study_is_told_as_an_imaging_study(desk: Connection, sender: Sender) -> None:
    send(sender, make.file(number=1), make.file(number=2))

    assert settling.settle(desk, clock.now()) == 1

    found = study_of(sender)
    patient = id_of("h01", "Patient", "00100020")
    meta = found.pop("meta")
    assert meta["source"].startswith("urn:xinglin:message:")
    number = {
        "type": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0203", "code": "ACSN"}]},
        "system": system_of("h01", "order"),
        "value": "A-100",
    }
    dcm = {"system": "http://dicom.nema.org/resources/ontology/DCM", "code": "CT"}
    assert found == {
        "resourceType": "ImagingStudy",
        "id": id_of("h01", "ImagingStudy", make.STUDY),
        "identifier": [{"system": "urn:dicom:uid", "value": f"urn:oid:{make.STUDY}"}, number],
        "status": "available",
        "modality": [dcm],
        "subject": {"reference": f"Patient/{patient}"},
        "started": "2026-11-03T09:30:15+08:00",
        "basedOn": [{"type": "ServiceRequest", "identifier": number}],
        "referrer": {"display": "李 四"},
        "endpoint": [{"reference": f"Endpoint/{id_of('h01', 'Endpoint', 'dicomweb')}"}],
        "numberOfSeries": 1,
        "numberOfInstances": 2,
        "description": "胸部CT平扫",
        "series": [
            {
                "uid": make.SERIES,
                "number": 2,
                "modality": dcm,
                "description": "肺窗",
                "numberOfInstances": 2,
                "bodySite": {"display": "CHEST"},
                "instance": [
                    {
                        "uid": f"{make.ROOT}.1.1.{n}",
                        "sopClass": {"system": "urn:ietf:rfc:3986", "code": f"urn:oid:{make.CT}"},
                        "number": n,
                    }
                    for n in (1, 2)
                ],
            }
        ],
    }
    person = open_as(SYSTEM).read("Patient", patient).resource
    assert [name["text"] for name in person["name"]] == ["张 三", "Zhang San"]
    assert (person["gender"], person["birthDate"]) == ("male", "1970-01-02")
    assert person["identifier"] == [{"system": system_of("h01", "patient"), "value": "00100020"}]


def test_many_instances_are_few_versions(desk: Connection, sender: Sender) -> None:
    for number in range(1, 41):
        send(sender, make.file(number=number))
        settling.settle(desk, clock.now())
    assert study_of(sender)["meta"]["versionId"] == "1"
    assert study_of(sender)["numberOfInstances"] == 1

    settling.settle(desk, clock.now() + LATER)

    assert study_of(sender)["meta"]["versionId"] == "2"
    assert study_of(sender)["numberOfInstances"] == 40
    assert settling.settle(desk, clock.now() + LATER) == 0


def test_what_others_have_said_of_the_patient_stays(desk: Connection, sender: Sender) -> None:
    known = {
        "resourceType": "Patient", "id": id_of("h01", "Patient", "00100020"), "name": [{"text": "张三丰"}],
        "telecom": [{"system": "phone", "value": "139"}],
    }  # fmt: skip
    open_as(SYSTEM).update(known)

    send(sender, make.file())
    settling.settle(desk, clock.now())

    found = open_as(SYSTEM).read("Patient", known["id"]).resource
    assert found.pop("meta")["versionId"] == "1"
    assert found == known


def test_an_order_with_the_same_number_is_referred_to(desk: Connection, sender: Sender) -> None:
    subject = {"reference": f"Patient/{id_of('h01', 'Patient', '00100020')}"}
    open_as(SYSTEM).update({"resourceType": "Patient", "id": subject["reference"][8:]})
    open_as(SYSTEM).update(
        {
            "resourceType": "ServiceRequest", "id": "order1", "status": "active", "intent": "order",
            "subject": subject, "identifier": [{"system": system_of("h01", "order"), "value": "A-100"}],
        }
    )  # fmt: skip

    send(sender, make.file())
    settling.settle(desk, clock.now())

    assert study_of(sender)["basedOn"][0]["reference"] == "ServiceRequest/order1"


def test_a_study_that_a_dead_process_had_claimed_is_told_by_another(desk: Connection, sender: Sender) -> None:
    send(sender, make.file())
    claimed = settling._claim(desk, clock.now(), everything=False)
    assert claimed is not None

    assert settling.settle(desk, clock.now()) == 0
    assert settling.settle(desk, clock.now() + timedelta(minutes=2)) == 1


def test_what_comes_while_a_study_is_told_is_told_later(desk: Connection, sender: Sender) -> None:
    send(sender, make.file(number=1))
    claimed = settling._claim(desk, clock.now(), everything=False)
    assert claimed is not None
    settling.publish(desk, claimed[:2], claimed[2])
    send(sender, make.file(number=2))
    settling._release(desk, claimed[:2], claimed[2])

    settling.settle(desk, clock.now() + LATER)

    assert study_of(sender)["numberOfInstances"] == 2


def test_a_deleted_study_is_gone_and_may_come_again(desk: Connection, sender: Sender) -> None:
    send(sender, make.file())
    settling.settle(desk, clock.now())
    (study,) = queries.of_uid(desk, SYSTEM, make.STUDY)

    assert actions.delete_study(desk, study=study, actor=SYSTEM, reason="test", now=clock.now()) == 1

    assert queries.of_uid(desk, SYSTEM, make.STUDY) == []
    with pytest.raises(Fault) as gone:
        study_of(sender)
    assert gone.value.kind is Kind.GONE
    send(sender, make.file())
    settling.settle(desk, clock.now())
    assert study_of(sender)["numberOfInstances"] == 1


def test_each_datum_leads_to_its_message(desk: Connection, sender: Sender) -> None:
    from xinglin.exchange import messages

    send(sender, make.file())
    settling.settle(desk, clock.now())

    receipt = study_of(sender)["meta"]["source"].removeprefix("urn:xinglin:message:")
    message = messages.find(desk, receipt)
    assert (message.door, message.kind, message.control) == ("dicom", "DICOM study", make.STUDY)


def test_a_held_instance_is_a_message_in_quarantine(desk: Connection, sender: Sender) -> None:
    from xinglin.exchange import messages

    send(sender, make.file(PatientID=None))

    (held,) = actions.held(desk)
    message = messages.find(desk, str(held.receipt))
    assert message.stands.value == "quarantined"

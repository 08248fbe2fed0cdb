"""What institutions send of a day: every maker's message is taken by its door, and every mistake has what is meant."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from random import Random
from typing import TYPE_CHECKING

import pytest

from xinglin.exchange import doors, naming
from xinglin.exchange.doors import ERROR, Door, Sender
from xinglin.kernel.errors import Fault
from xinglin.summary import medicines
from xinglin.synth import institutions
from xinglin.synth.identifiers import ID_SYSTEM
from xinglin.synth.plan import Plan
from xinglin.synth.sending import lines, logs, messages, mistakes, outings, setting_out, stations
from xinglin.synth.sending.courses import Course
from xinglin.synth.sending.lines import Answer

if TYPE_CHECKING:
    from pathlib import Path

    from xinglin.exchange.doors import Translated
    from xinglin.synth.sending.drafts import Draft
    from xinglin.synth.sending.outings import Outing
    from xinglin.synth.sending.stations import Station

PLAN = Plan()
START = datetime(2026, 11, 26, 1, 0, tzinfo=UTC)
COUNT = 160
KINDS = {
    Door.HL7V2: {"ADT^A01", "ADT^A03", "ADT^A04", "ADT^A08", "ORU^R01", "RDE^O11"},
    Door.CDA: {"C0002", "C0004", "C0005", "C0006", "C0007", "C0053"},
    Door.TABLE: {"HDSD00.01", "WS372.2", "WS372.5", "WS373.3", "WS375.12", "WS445.3.1"},
    Door.FHIR: {"Bundle/transaction"},
}


pytestmark = pytest.mark.usefixtures("_record_database")  # doors ask it for an institution's own mappings


def moment(number: int) -> datetime:
    return START + timedelta(seconds=number)


@pytest.fixture(scope="module")
def made() -> list[tuple[Outing, list[Draft]]]:
    told = [outings.outing(PLAN, number, moment(number)) for number in range(COUNT)]
    return [(one, messages.made(PLAN, one)) for one in told]


def sender(station: Station) -> Sender:
    return Sender(
        1, station.code, station.institution.name, station.code, frozenset([station.door]), station.charset
    )


def heard(draft: Draft, station: Station) -> Translated | None:
    """What the station's door makes of it; None if it cannot even be opened."""
    handler = doors.handler(station.door)
    try:
        handler.open(draft.body, draft.media, sender(station))
    except Fault:
        return None
    return handler.translate(draft.body, draft.media, sender(station))


def wrong_numbers(outing: Outing) -> bool:
    """Whether the clerk's errors make a table wrong: the check digit is looked at there."""
    return "wrong_id" in outing.errors


def test_every_message_is_known_to_its_door_by_kind_and_number(made) -> None:
    for outing, drafts in made:
        handler = doors.handler(outing.station.door)
        for draft in drafts:
            envelope = handler.open(draft.body, draft.media, sender(outing.station))
            assert envelope.kind == draft.kind
            if outing.station.door is not Door.TABLE:
                assert envelope.control == draft.control
                assert envelope.sent_at == outing.moment


def test_what_is_right_is_taken_without_an_error(made) -> None:
    for outing, drafts in made:
        for draft in drafts:
            told = heard(draft, outing.station)
            assert told is not None
            errors = [reason for reason in told.reasons if reason.severity == ERROR]
            if outing.station.door is Door.TABLE:
                errors = [reason for reason in errors if not reason.place.endswith("身份证件号码")]
            assert errors == []
            assert told.resources or outing.station.door is Door.TABLE


def test_every_door_has_all_its_kinds_and_none_is_left_out(made) -> None:
    found: dict[Door, set[str]] = {door: set() for door in KINDS}
    for outing, drafts in made:
        found[outing.station.door] |= {draft.kind for draft in drafts}
    rare = {
        "ADT^A01",
        "ADT^A03",
        "C0004",
        "C0006",
        "C0007",
        "C0053",
    }  # a stay, or the one hospital with documents
    for door, kinds in KINDS.items():
        assert found[door] - rare == kinds - rare
        assert found[door] <= kinds


@pytest.mark.parametrize("door", [Door.HL7V2, Door.CDA, Door.TABLE, Door.FHIR])
def test_the_patient_of_a_message_is_the_institution_s_own_with_the_right_number(made, door) -> None:
    outing, drafts = next((o, d) for o, d in made if o.station.door is door)
    told = heard(drafts[0], outing.station)
    assert told is not None
    number = outing.patient["id"] if door is Door.FHIR else outing.record_number
    id_ = naming.id_of(outing.station.code, "Patient", number)
    patient = next(one for one in told.resources if one["resourceType"] == "Patient" and one["id"] == id_)
    numbers = {one["system"]: one["value"] for one in patient["identifier"]}
    assert numbers[ID_SYSTEM] == outing.person.identity_number
    assert patient["name"][0]["text"] == outing.person.name.text
    assert patient["managingOrganization"]["reference"] == f"Organization/{outing.station.code}"


def test_results_pass_through_hl7_v2_with_value_unit_and_code(made) -> None:
    outing, drafts = next(
        (o, d) for o, d in made if o.station.encoding == "gb18030" and o.station.door is Door.HL7V2
    )
    report = next(draft for draft in drafts if draft.kind == "ORU^R01")
    told = heard(report, outing.station)
    assert told is not None
    sent = {
        (one["code"]["coding"][0]["code"], one["valueQuantity"]["value"], one["valueQuantity"]["unit"])
        for one in outing.of("Observation")
        if one["category"][0]["coding"][0]["code"] == "laboratory"
    }
    got = {
        (one["code"]["coding"][0]["code"], float(one["valueQuantity"]["value"]), one["valueQuantity"]["unit"])
        for one in told.resources
        if one["resourceType"] == "Observation"
    }
    assert got <= {(code, float(value), unit) for code, value, unit in sent}
    assert got
    assert outing.person.name.text.encode("gb18030")[:2] in report.body


@pytest.mark.parametrize("door", [Door.HL7V2, Door.CDA, Door.TABLE, Door.FHIR])
def test_how_long_a_medicine_lasts_comes_through_every_door(door) -> None:
    meant, got = prescribed_at(door)

    assert meant
    assert got == meant


def prescribed_at(door: Door) -> tuple[dict[str, str], dict[str, str]]:
    """What the first visits with prescriptions sent there, and what was heard: until when each medicine lasts."""
    meant: dict[str, str] = {}
    got: dict[str, str] = {}
    for number in range(1500):
        outing = outings.outing(PLAN, number, moment(number))
        orders = [
            one
            for one in outing.of("MedicationRequest")
            if "medicationCodeableConcept" in one
            and one["dosageInstruction"][0]["timing"]["repeat"]["frequency"]
            < 3  # for which tables have codes
        ]
        if outing.station.door is not door or not orders:
            continue
        wanted = {one["medicationCodeableConcept"]["text"]: medicines.end_of(one) for one in orders}
        meant |= {f"{number} {name}": end for name, end in wanted.items()}
        for draft in messages.made(PLAN, outing):
            told = heard(draft, outing.station)
            for one in told.resources if told is not None else ():
                if one["resourceType"] == "MedicationRequest" and medicines.concept_of(one)["text"] in wanted:
                    got[f"{number} {medicines.concept_of(one)['text']}"] = medicines.end_of(one)
        if len(meant) > 5:
            break
    return meant, got


def test_packets_of_herbs_last_as_long_as_there_are_packets(made) -> None:
    outing, drafts = next((o, d) for o, d in made if any(draft.kind == "C0005" for draft in d))
    (sent,) = outing.of("MedicationRequest")

    told = heard(next(draft for draft in drafts if draft.kind == "C0005"), outing.station)

    assert told is not None
    (order,) = (one for one in told.resources if one["resourceType"] == "MedicationRequest")
    assert medicines.end_of(order) == medicines.end_of(sent)


def test_the_same_number_is_the_same_to_the_byte_and_another_seed_is_not() -> None:
    again = [messages.messages(PLAN, number, moment(number)) for number in range(20)]
    assert [messages.messages(PLAN, number, moment(number)) for number in range(20)] == again
    other = [messages.messages(Plan(seed=2), number, moment(number)) for number in range(20)]
    assert other[12:] != again[12:]


def test_the_first_visits_bring_one_resident_to_four_doors() -> None:
    told = [outings.outing(PLAN, number, moment(number)) for number in range(5)]
    assert {one.person.index for one in told} == {told[0].person.index}
    assert {one.station.door for one in told} == {Door.HL7V2, Door.CDA, Door.TABLE, Door.FHIR}
    assert [one.errors for one in told] == [()] * 5


def test_each_mistake_comes_to_what_is_meant(made) -> None:
    tried: Counter[tuple[Door, str]] = Counter()
    for outing, drafts in made:
        if outing.errors:
            continue
        for draft in drafts:
            for plant in mistakes.PLANTS[outing.station.door]:
                if tried[outing.station.door, plant.name] >= 4:
                    continue
                body = plant.make(draft, outing.station)
                if body is None or body == draft.body:
                    continue
                tried[outing.station.door, plant.name] += 1
                spoilt = type(draft)(draft.kind, draft.control, body, draft.media)
                told = heard(spoilt, outing.station)
                if (outing.station.door, plant.name) == (Door.FHIR, "missing"):
                    continue  # the record says no, not the door
                is_stored = told is not None and told.is_usable
                assert is_stored == (plant.meant == mistakes.STORED), (
                    outing.station.code,
                    plant.name,
                    draft.kind,
                )
    assert {key for key in tried if tried[key]} == {
        (door, plant.name) for door, plants in mistakes.PLANTS.items() for plant in plants
    }


def test_a_message_without_a_mistake_is_meant_to_be_stored() -> None:
    station = stations.station(institutions.general(0))
    assert mistakes.meant(station, "") == mistakes.STORED
    assert mistakes.meant(station, "malformed") == mistakes.REFUSED
    assert mistakes.meant(stations.station(institutions.centre(1)), "malformed") == mistakes.QUARANTINED


def test_mistakes_lateness_and_repeats_come_as_often_as_the_table_says() -> None:
    told = [one for number in range(12, 300) for one in messages.messages(PLAN, number, moment(number))]
    share = sum(bool(one.mistake) for one in told) / len(told)
    assert 0.02 < share < 0.12
    assert any(one.late for one in told)
    assert any(one.again for one in told)
    for number in range(12):
        assert [(m.mistake, m.late, m.again) for m in messages.messages(PLAN, number, moment(number))] == [
            ("", False, False)
        ] * len(messages.messages(PLAN, number, moment(number)))


def test_a_plant_that_finds_no_place_leaves_the_message_as_it_is() -> None:
    station = stations.station(institutions.MATERNAL)
    outing = next(
        one
        for one in (outings.outing(PLAN, number, moment(number)) for number in range(200))
        if one.station == station
    )
    (draft,) = messages.made(PLAN, outing)
    planted, name = mistakes.plant(draft, station, Random(1))
    assert (planted.body != draft.body) == bool(name)


def test_every_institution_of_the_region_has_a_door_and_all_doors_are_used() -> None:
    told = stations.everywhere(1000)
    assert len(told) == len(list(institutions.everywhere(1000)))
    assert {one.door for one in told} == {Door.HL7V2, Door.CDA, Door.TABLE, Door.FHIR}
    assert {one.way for one in told} == {"mllp", "http", "folder"}
    assert any(one.encoding == "gb18030" for one in told)


def test_a_course_by_days_keeps_to_daylight_and_a_live_one_to_its_interval() -> None:
    days = Course(START, per_day=10)
    told = [days.moment(number) for number in range(25)]
    assert told == sorted(told)
    assert {one.hour for one in told} <= set(range(8, 17))
    assert len({one.date() for one in told}) == 3
    live = Course(START, every=1.5)
    assert live.moment(4) == START + timedelta(seconds=6)
    assert live.number(START + timedelta(seconds=6)) == 4


def test_a_log_goes_on_where_it_was_ended_and_half_a_line_is_no_line(tmp_path: Path) -> None:
    told = messages.messages(PLAN, 0, moment(0))
    log = logs.opened(tmp_path)
    log.write(told[0], Answer("stored", "r1"), "2026-11-26T09:00:00")
    log.close()
    path = tmp_path / f"{told[0].station.code}.ndjson"
    with path.open("ab") as file:
        file.write(b'{"outing": 0, "part": 1')

    again = logs.opened(tmp_path)
    assert (again.next, again.done) == (0, {(0, 0)})
    again.write(told[1], Answer("stored", "r2"), "2026-11-26T09:00:01")
    again.finished(0)
    again.close()

    assert [line["receipt"] for _, line in logs.read(tmp_path)] == ["r1", "r2"]
    assert (logs.opened(tmp_path).next, logs.opened(tmp_path).done) == (1, set())


def test_nobody_s_name_or_number_stands_in_a_log(tmp_path: Path) -> None:
    log = logs.opened(tmp_path)
    outing = outings.outing(PLAN, 0, moment(0))
    for one in messages.messages(PLAN, 0, moment(0)):
        log.write(one, Answer("stored", "r1"), "2026-11-26T09:00:00")
    log.close()
    held = "".join(path.read_text() for path in tmp_path.glob("*.ndjson"))
    assert outing.person.name.text not in held
    assert outing.person.identity_number not in held
    assert outing.record_number not in held


def test_keys_are_kept_for_their_owner_alone_and_a_course_stays_as_it_was_begun(tmp_path: Path) -> None:
    place = tmp_path / "senders.json"
    setting_out.keep_keys(place, {"xc-h01": "xls_1"}, Plan(residents=60))
    assert place.stat().st_mode & 0o777 == 0o600
    assert setting_out.keys(place) == ({"xc-h01": "xls_1"}, Plan(residents=60))
    assert setting_out.keys(tmp_path / "absent.json")[0] == {}

    first = setting_out.course(tmp_path, Course(START, every=1.5))
    assert setting_out.course(tmp_path, Course(START + timedelta(hours=1), every=3.0)) == first


def test_a_file_in_a_folder_is_answered_by_its_report_and_put_there_once(tmp_path: Path) -> None:
    number = next(n for n in range(12) if outings.outing(PLAN, n, moment(n)).station.way == "folder")
    message = messages.messages(PLAN, number, moment(number))[0]
    line = lines.Folder(tmp_path)
    (tmp_path / "done").mkdir()

    assert line.send(message) is None
    assert line.send(message) is None
    (put,) = [path for path in tmp_path.iterdir() if path.is_file()]
    assert put.read_bytes() == message.draft.body
    put.rename(tmp_path / "done" / put.name)
    report = tmp_path / "done" / f"{put.name}.report.csv"
    report.write_text("Rows,2\n")
    assert line.send(message) is None
    report.write_text("Rows,2\nStored,1\nIn quarantine,1\nWrong rows,1\n")
    assert line.send(message) == Answer(
        "taken", counts={"rows": 2, "stored": 1, "quarantined": 1, "wrong": 1}
    )

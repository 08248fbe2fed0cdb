"""Images and electrocardiograms on the pages of a record."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.exchange.dicom import make as dicom
from tests.exchange.dicom.conftest import desk, sender, store  # noqa: F401 -- fixtures
from tests.exchange.dicom.test_taking import send
from tests.portal import make, region
from tests.portal.test_views import text
from xinglin.exchange.dicom import settling
from xinglin.exchange.naming import id_of
from xinglin.kernel import clock
from xinglin.kernel.actor import SYSTEM
from xinglin.portal.rules import browsing, imaging, timeline
from xinglin.portal.rules.sources import Sources
from xinglin.record import access, database
from xinglin.record.door import open_as

if TYPE_CHECKING:
    from django.test import Client

    from xinglin.exchange.doors import Sender
    from xinglin.record.database import Connection

STUDY = id_of("h01", "ImagingStudy", dicom.STUDY)
PATIENT = id_of("h01", "Patient", "00100020")
SLICE = f"/residents/{PATIENT}/images/{STUDY}/{dicom.SERIES}/{dicom.ROOT}.1.1.1/values/"
FIGURES = browsing.figures()


def sampled(data: str, **more: Any) -> dict[str, Any]:
    return {"origin": {"value": 0, "unit": "mV"}, "period": 4, "dimensions": 1, "data": data, **more}


def tracing(id_: str = "ekg", about: str = "a", **more: Any) -> dict[str, Any]:
    leads = [
        {
            "code": {"coding": [{"system": "urn:oid:2.16.840.1.113883.6.24", "code": code}]},
            "valueSampledData": data,
        }
        for code, data in (("131329", sampled("0 0 1 0 E", factor=0.5)), ("131390", sampled("0 0 2 0 0")))
    ]
    code = {"coding": [{"system": make.LOINC, "code": "11524-6"}], "text": "十二导联心电图"}
    said = {"status": "final", "code": code, "effectiveDateTime": "2026-05-01", "component": leads}
    return make.resource("Observation", id_, about, **{**said, **more})


def opened(body: bytes) -> dict[str, Any]:
    length = int.from_bytes(body[:4], "little")
    found: dict[str, Any] = json.loads(body[4 : 4 + length])
    return found


# -- rules


def test_recording_has_its_leads_in_microvolts_from_their_medians() -> None:
    found = imaging.recording(tracing(), FIGURES.ecg)

    assert found is not None
    assert (found.leads, found.rate, found.samples) == (("I", "aVR"), 250, 5)
    assert found.values.tolist() == [0, 0, 500, 0, 0, 0, 0, 2000, 0, 0]


def test_twelve_dimensions_are_the_twelve_leads_in_their_order() -> None:
    data = sampled(" ".join(str(n) for n in (*range(12), *range(12))), dimensions=12)
    whole = {**tracing(component=[]), "valueSampledData": data}

    found = imaging.recording(whole, FIGURES.ecg)

    assert found is not None
    assert found.leads == ("I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6")
    assert found.samples == 2


def test_leads_that_were_not_sampled_alike_are_not_drawn() -> None:
    wrong = tracing()
    wrong["component"][1]["valueSampledData"]["period"] = 2

    assert imaging.recording(wrong, FIGURES.ecg) is None
    assert imaging.recording(tracing(component=[]), FIGURES.ecg) is None


def test_study_is_called_what_it_says_of_itself() -> None:
    resource = make.resource(
        "ImagingStudy", "s", status="available", started="2026-01-02T08:00:00+08:00", numberOfSeries=1,
        numberOfInstances=30, series=[{"uid": "1.2", "modality": {"code": "CT"}, "bodySite": {"display": "胸部"},
                                       "description": "肺窗"}],
    )  # fmt: skip

    (found,) = imaging.studies([resource], Sources())

    assert (found.title, found.modalities, found.parts, found.source.date) == (
        "肺窗",
        ("CT",),
        ("胸部",),
        "2026-01-02",
    )
    assert [w["name"] for w in imaging.windows_for(("CT",), FIGURES)][:2] == ["lung", "mediastinum"]
    assert imaging.windows_for(("US",), FIGURES) == []


def test_study_stands_on_the_timeline_unless_a_report_speaks_for_it() -> None:
    study = make.resource("ImagingStudy", "s", status="available", started="2026-01-02", description="胸部CT")
    said = {"status": "final", "category": [make.concept(code="RAD")], "code": make.concept("胸部CT报告")}
    report = make.resource("DiagnosticReport", "r", effectiveDateTime="2026-01-02", **said)

    def shown(*reports: dict[str, Any]) -> list[str]:
        found = timeline.events(
            encounters=(), reports=reports, immunisations=(), medicines=(), sources=Sources(), studies=[study]
        )
        return [event.link for event in found]

    assert shown() == ["ImagingStudy/s"]
    assert shown(report) == ["DiagnosticReport/r"]
    assert shown({**report, "effectiveDateTime": "2026-01-05"}) == ["DiagnosticReport/r", "ImagingStudy/s"]


# -- pages


@pytest.fixture
def looking(sender: Sender, desk: Connection, db: None, client: Client) -> Client:  # noqa: F811 -- the fixtures
    """A doctor's browser beside a record with a study of two slices, a waveform and a document."""
    from xinglin.accounts.models import Account

    at = {"InstitutionName": "第二人民医院"}
    files = (dicom.file(number=1, **at), dicom.file(number=2, **at), dicom.file(dicom.ecg()))
    send(sender, *files, dicom.file(dicom.document()))
    settling.settle(desk, clock.now())
    region.store()
    client.force_login(Account.objects.create_user("viewer", display_name="黄志远", roles=["doctor"]))
    return client


def test_list_and_study_say_what_there_is(looking: Client) -> None:
    listed = text(looking.get(f"/residents/{PATIENT}/images/"))
    line = looking.get(f"/residents/{PATIENT}/timeline/?years=0").content.decode()
    shown = looking.get(f"/residents/{PATIENT}/images/{STUDY}/").content.decode()

    assert "胸部CT平扫" in listed
    assert "CT" in listed
    assert f'href="/residents/{PATIENT}/images/{STUDY}/"' in line
    assert SLICE in shown
    assert "第二人民医院" in shown
    assert "非诊断用" in shown
    assert "<xl-image" in shown
    assert "<xl-ecg" in shown
    assert "style=" not in shown


def test_reports_of_images_say_which_hospital_made_them(doctor: Client) -> None:
    said = text(doctor.get("/residents/a/images/"))

    assert "2025-03-02 头颅CT平扫 左侧基底节区脑梗死 第一人民医院" in said


def test_slice_and_waveform_are_given_out_as_numbers(looking: Client) -> None:
    picture = looking.get(SLICE)
    curves = looking.get(f"/residents/{PATIENT}/images/{STUDY}/{dicom.ROOT}.1.2/{dicom.ROOT}.1.1.7/values/")

    assert picture["Content-Type"] == curves["Content-Type"] == "application/octet-stream"
    assert "no-store" in picture["Cache-Control"]
    assert opened(picture.content)["kind"] == "grey"
    assert opened(curves.content)["leads"][6] == "V1"


def test_every_look_at_a_picture_is_written_down(looking: Client) -> None:
    access.flush()
    with database.connect() as connection:
        connection.execute("TRUNCATE record_access")

    looking.get(SLICE)

    access.flush()
    with database.connect() as connection:
        rows = connection.execute(
            "SELECT action, outcome, id, patient IS NOT NULL FROM record_access"
        ).fetchall()
    assert rows == [("read", "permit", STUDY, True)]


def test_picture_of_somebody_else_s_study_is_not_found(looking: Client) -> None:
    assert looking.get(SLICE.replace(PATIENT, "a")).status_code == 404
    assert looking.get(f"/residents/a/images/{STUDY}/").status_code == 404


def test_picture_needs_rights(looking: Client) -> None:
    from xinglin.accounts.models import Account

    looking.force_login(Account.objects.create_user("nothing", display_name="无", roles=[]))

    assert looking.get(SLICE).status_code == 403
    looking.logout()
    assert looking.get(SLICE).status_code == 302


def test_frame_that_is_not_there_is_refused(looking: Client) -> None:
    assert looking.get(f"{SLICE}?frame=9").status_code == 400
    assert looking.get(SLICE.replace("1.1.1/values", "1.1.99/values")).status_code == 404


def test_electrocardiogram_of_an_observation_is_listed_and_drawn(doctor: Client) -> None:
    open_as(SYSTEM).update(tracing())
    words = tracing("words", valueString="窦性心律")
    del words["component"]
    open_as(SYSTEM).update(words)

    listed = doctor.get("/residents/a/images/").content.decode()
    page = doctor.get("/residents/a/images/ecg/ekg/").content.decode()
    values = doctor.get("/residents/a/images/ecg/ekg/values/")

    assert "/residents/a/images/ecg/ekg/" in listed
    assert "/residents/a/images/ecg/words/" not in listed
    assert "窦性心律" in listed
    assert 'data-address="/residents/a/images/ecg/ekg/values/"' in page
    assert opened(values.content)["leads"] == ["I", "aVR"]
    assert doctor.get("/residents/a/images/ecg/words/values/").status_code == 404
    assert doctor.get("/residents/d/images/ecg/ekg/").status_code == 404

"""STOW-RS, QIDO-RS and WADO-RS."""

from __future__ import annotations

import io
import threading
from typing import TYPE_CHECKING, Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom import dcmread
from pydicom.data import get_testdata_file

from tests.exchange.dicom import make
from tests.exchange.dicom.caller import Caller
from tests.exchange.dicom.conftest import KEYS
from tests.exchange.dicom.test_taking import stands
from xinglin.exchange.dicom import settling
from xinglin.exchange.dicom.web import multipart
from xinglin.exchange.naming import id_of
from xinglin.kernel import clock
from xinglin.kernel.ids import self_number
from xinglin.record import access

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xinglin.exchange.doors import Sender
    from xinglin.record.database import Connection

STUDY = f"/studies/{make.STUDY}"
INSTANCE = f"{STUDY}/series/{make.SERIES}/instances/{make.ROOT}.1.1.1"
ANY = 'multipart/related; type="application/dicom"; transfer-syntax=*'


@pytest.fixture
def sending(sender: Sender) -> Caller:
    return Caller(f"Bearer {KEYS['h01']}")


@pytest.fixture
def reading(sender: Sender, django_db_blocker: Any) -> Iterator[Caller]:
    from xinglin.accounts.actions import issue_token
    from xinglin.accounts.models import Account

    with django_db_blocker.unblock():
        account, _ = Account.objects.get_or_create(
            username="dicom-reader", defaults={"display_name": "reader", "roles": ["client"]}
        )
        yield Caller(f"Bearer {issue_token(account=account, label='test')}")


@pytest.fixture
def stored(sending: Caller, reading: Caller) -> Caller:
    """A reader of a study of two slices, an electrocardiogram and a document."""
    reply = sending.store(
        make.file(number=1), make.file(number=2), make.file(make.ecg()), make.file(make.document())
    )
    assert reply.status == 200, reply.body
    return reading


# -- STOW-RS


def test_instances_that_are_stored_are_told_with_their_addresses(sending: Caller, desk: Connection) -> None:
    reply = sending.store(make.file(number=1), make.file(number=2))

    assert reply.status == 200
    assert reply.headers["content-type"] == "application/dicom+json"
    base = "http://xinglin.example/dicomweb"
    assert reply.json == {
        "00081190": {"vr": "UR", "Value": [f"{base}{STUDY}"]},
        "00081199": {
            "vr": "SQ",
            "Value": [
                {
                    "00081150": {"vr": "UI", "Value": [make.CT]},
                    "00081155": {"vr": "UI", "Value": [f"{make.ROOT}.1.1.{n}"]},
                    "00081190": {
                        "vr": "UR",
                        "Value": [f"{base}{STUDY}/series/{make.SERIES}/instances/{make.ROOT}.1.1.{n}"],
                    },
                }
                for n in (1, 2)
            ],
        },
    }
    assert stands(desk)["instance"] == 2


def test_what_fails_is_told_beside_what_is_stored(sending: Caller, desk: Connection) -> None:
    reply = sending.store(
        make.file(number=1), make.file(number=2, StudyInstanceUID="1.2.3"), study=make.STUDY
    )

    assert reply.status == 202
    (failed,) = reply.json["00081198"]["Value"]
    assert failed["00081197"]["Value"] == [0xA900]
    assert len(reply.json["00081199"]["Value"]) == 1
    assert stands(desk)["instance"] == 1


def test_a_request_of_which_nothing_is_stored_is_a_conflict(sending: Caller, desk: Connection) -> None:
    assert sending.store(b"no image").status == 409
    assert stands(desk)["instance"] == 0
    assert stands(desk)["held"] == 1


def test_what_is_kept_for_mending_is_told_with_a_warning(sending: Caller) -> None:
    reply = sending.store(make.file(PatientID=None))

    assert reply.status == 202
    (one,) = reply.json["00081199"]["Value"]
    assert one["00081196"]["Value"] == [0xB007]


@pytest.mark.parametrize(
    ("media", "status"),
    [("", 415), ("application/json", 415), ('multipart/related; type="application/dicom+json"; boundary=x', 415),
     ('multipart/related; type="application/dicom"', 400)],
)  # fmt: skip
def test_a_body_of_another_kind_is_refused(
    sending: Caller, desk: Connection, media: str, status: int
) -> None:
    assert sending("POST", "/studies", b"x", media=media).status == status
    assert stands(desk)["instance"] == 0


def test_a_body_that_breaks_off_is_refused_and_what_came_before_is_stored(
    sending: Caller, desk: Connection
) -> None:
    whole = b"".join(
        multipart.written(
            [([("Content-Type", "application/dicom")], [make.file(number=n)]) for n in (1, 2)], "b"
        )
    )

    reply = sending(
        "POST", "/studies", whole[:-40], media='multipart/related; type="application/dicom"; boundary=b'
    )

    assert reply.status == 400
    assert stands(desk)["instance"] == 1


def test_who_does_not_sign_on_is_asked_to(sender: Sender, desk: Connection) -> None:
    nobody = Caller()

    assert nobody("GET", "/studies").status == 401
    assert nobody.store(make.file()).status == 401
    assert Caller("Bearer xls_wrong").store(make.file()).status == 401
    assert stands(desk)["instance"] == 0


def test_an_account_sends_for_its_institutions_sender_alone(reading: Caller, desk: Connection) -> None:
    assert reading.store(make.file()).status == 403
    assert stands(desk)["instance"] == 0


@given(st.lists(st.binary(max_size=300), max_size=5), st.integers(1, 50))
def test_parts_come_back_however_they_were_cut(parts: list[bytes], size: int) -> None:
    body = b"preamble\r\n" + b"".join(multipart.written((([("A", "b")], [part]) for part in parts), "mark"))
    whole = io.BytesIO(body)

    class Slow:
        def read(self, _: int) -> bytes:
            return whole.read(size)

    if any(b"\r\n--mark" in b"\r\n" + part for part in parts):
        return
    reader = multipart.Reader(Slow(), "mark")
    found = []
    while (head := reader.next_head()) is not None:
        assert head == {"a": "b"}
        out = io.BytesIO()
        reader.copy(out.write)
        found.append(out.getvalue())

    assert found == parts


# -- QIDO-RS


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("", 1),
        ("PatientID=00100020", 1),
        ("PatientID=0010*", 1),
        ("PatientID=1", 0),
        ("PatientName=%E5%BC%A0*", 1),
        ("PatientName=zhang*", 1),
        ("PatientName=*san", 1),
        ("PatientName=%E6%9D%8E*", 0),
        ("AccessionNumber=A-100", 1),
        ("StudyDate=20261101-20261130", 1),
        ("StudyDate=20261104-", 0),
        ("StudyDate=20261103&StudyTime=0930", 1),
        ("ModalitiesInStudy=ECG", 1),
        ("Modality=CT", 1),
        ("ModalitiesInStudy=MR", 0),
        (f"StudyInstanceUID={make.STUDY}", 1),
        ("0020000D=1.2.3", 0),
        (f"SeriesInstanceUID={make.SERIES}", None),
    ],
)
def test_studies_are_found_by_their_attributes(stored: Caller, query: str, count: int | None) -> None:
    reply = stored("GET", f"/studies?{query}")

    if count is None:
        assert reply.status == 400
    else:
        assert (reply.status, len(reply.json) if reply.body else 0) == (200 if count else 204, count)


def test_a_study_is_told_with_what_it_has(stored: Caller) -> None:
    (found,) = stored("GET", "/studies?includefield=StudyDescription&includefield=00081030").json

    assert found["00080061"] == {"vr": "CS", "Value": ["CT", "DOC", "ECG"]}
    assert found["00201206"]["Value"] == [3]
    assert found["00201208"]["Value"] == [4]
    assert found["00100010"]["Value"] == [{"Alphabetic": "Zhang^San", "Ideographic": "张^三"}]
    assert found["00081190"]["Value"] == [f"http://xinglin.example/dicomweb{STUDY}"]
    assert found["00080201"] == {"vr": "SH"}


def test_series_and_instances_are_found_below_and_beside_studies(stored: Caller) -> None:
    assert len(stored("GET", f"{STUDY}/series").json) == 3
    assert len(stored("GET", f"{STUDY}/series?Modality=CT").json) == 1
    assert len(stored("GET", f"{STUDY}/instances").json) == 4
    assert len(stored("GET", f"{STUDY}/series/{make.SERIES}/instances").json) == 2
    assert len(stored("GET", "/series?PatientID=00100020").json) == 3
    (one,) = stored("GET", f"/instances?SOPInstanceUID={make.ROOT}.1.1.2&includefield=all").json
    assert one["00200013"]["Value"] == [2]
    assert one["00280030" if "00280030" in one else "00281050"]["Value"] == [100]


def test_results_come_in_pages_with_a_warning_that_there_are_more(stored: Caller) -> None:
    first = stored("GET", f"{STUDY}/instances?limit=3")
    rest = stored("GET", f"{STUDY}/instances?limit=3&offset=3")

    assert len(first.json) == 3
    assert first.headers["warning"].startswith("299 ")
    assert len(rest.json) == 1
    assert "warning" not in rest.headers
    assert {i["00080018"]["Value"][0] for i in first.json} & {
        i["00080018"]["Value"][0] for i in rest.json
    } == set()


def test_fuzzy_matching_is_answered_with_a_warning(stored: Caller) -> None:
    reply = stored("GET", "/studies?PatientName=zhang*&fuzzymatching=true")

    assert reply.status == 200
    assert "fuzzymatching" in reply.headers["warning"]


@pytest.mark.parametrize(
    "query", ["NoSuchThing=1", "limit=-1", "offset=x", "StudyDate=yesterday", "PatientID=%ff"]
)
def test_what_cannot_be_asked_is_refused(stored: Caller, query: str) -> None:
    assert stored("GET", f"/studies?{query}").status == 400


# -- WADO-RS


def test_a_study_comes_back_as_it_was_sent(stored: Caller) -> None:
    reply = stored("GET", STUDY, accept=ANY)

    sent = {make.file(number=1), make.file(number=2), make.file(make.ecg()), make.file(make.document())}
    assert reply.status == 200
    assert {content for _, content in reply.parts} == sent


def test_an_instance_comes_alone_without_an_envelope(stored: Caller) -> None:
    reply = stored("GET", INSTANCE, accept="application/dicom; transfer-syntax=*")

    assert reply.headers["content-type"].startswith("application/dicom")
    assert reply.body == make.file(number=1)


def test_metadata_name_what_is_long_by_an_address_that_answers(stored: Caller) -> None:
    found = {one["00080018"]["Value"][0]: one for one in stored("GET", f"{STUDY}/metadata").json}

    ecg = found[f"{make.ROOT}.1.1.7"]
    address = ecg["54000100"]["Value"][0]["54001010"]["BulkDataURI"]
    value = stored("GET", address.removeprefix("http://xinglin.example/dicomweb"))
    assert value.body == make.ecg().WaveformSequence[0].WaveformData
    pixels = found[f"{make.ROOT}.1.1.1"]["7FE00010"]["BulkDataURI"]
    assert (
        stored("GET", pixels.removeprefix("http://xinglin.example/dicomweb")).body
        == make.dataset(1).PixelData
    )


def test_frames_are_the_pixels(stored: Caller) -> None:
    (part,) = stored(
        "GET", f"{INSTANCE}/frames/1", accept='multipart/related; type="application/octet-stream"'
    ).parts

    assert part[1] == make.dataset(1).PixelData
    assert stored("GET", f"{INSTANCE}/frames/2").status == 400


@pytest.mark.parametrize(
    ("accept", "begin"), [("image/png", b"\x89PNG"), ("image/jpeg", b"\xff\xd8"), ("*/*", b"\xff\xd8")]
)
def test_a_frame_is_shown_as_a_picture(stored: Caller, accept: str, begin: bytes) -> None:
    reply = stored("GET", f"{INSTANCE}/rendered?window=100,200,linear&viewport=8,8", accept=accept)

    assert reply.status == 200, reply.body
    assert reply.body.startswith(begin)
    assert stored("GET", f"{INSTANCE}/thumbnail").status == 200
    assert stored("GET", f"{INSTANCE}/rendered?window=1").status == 400
    assert stored("GET", f"{INSTANCE}/rendered", accept="text/html").status == 406


def test_the_window_decides_what_is_black_and_what_is_white(stored: Caller) -> None:
    from PIL import Image

    reply = stored("GET", f"{INSTANCE}/rendered?window=128,64,linear", accept="image/png")

    pixels = Image.open(io.BytesIO(reply.body)).get_flattened_data()
    assert pixels[0] == 0
    assert pixels[90] == 0
    assert pixels[170] == 255
    assert 100 < pixels[128] < 160


def test_an_encapsulated_document_is_shown_as_itself(stored: Caller) -> None:
    reply = stored("GET", f"{STUDY}/series/{make.ROOT}.1.3/instances/{make.ROOT}.1.1.8/rendered")

    assert reply.headers["content-type"] == "application/pdf"
    assert reply.body == b"%PDF-1.4 made up\n"


@pytest.mark.parametrize(
    ("name", "frame"), [("MR_small_RLE.dcm", "image/dicom-rle"), ("JPEG2000.dcm", "image/jp2"),
                        ("SC_rgb_jpeg_dcmtk.dcm", "image/jpeg")],
)  # fmt: skip
def test_compressed_images_are_given_out_as_stored_decoded_and_shown(
    sending: Caller, reading: Caller, name: str, frame: str
) -> None:
    path = get_testdata_file(name, download=False)
    if path is None:
        pytest.skip("not among the files that come with pydicom")
    given = dcmread(path)
    if not given.get("PatientID"):
        given.PatientID = "1"
    out = io.BytesIO()
    given.save_as(out, enforce_file_format=True)
    assert sending.store(out.getvalue()).status == 200
    place = (
        f"/studies/{given.StudyInstanceUID}/series/{given.SeriesInstanceUID}/instances/{given.SOPInstanceUID}"
    )

    as_stored = reading("GET", place, accept="application/dicom; transfer-syntax=*")
    decoded = reading("GET", place, accept="application/dicom")
    frames = reading(
        "GET", f"{place}/frames/1", accept=f'multipart/related; type="{frame}"; transfer-syntax=*'
    )

    assert as_stored.body == out.getvalue()
    assert decoded.status == 200, decoded.body
    assert dcmread(io.BytesIO(decoded.body)).file_meta.TransferSyntaxUID == "1.2.840.10008.1.2.1"
    assert frames.parts[0][0].startswith(frame)
    assert reading("GET", f"{place}/rendered", accept="image/png").status == 200


# -- who may see what


def test_what_the_policy_hides_is_not_found(
    stored: Caller, desk: Connection, settings: Any, django_db_blocker: Any
) -> None:
    from dataclasses import replace

    from xinglin.accounts.actions import issue_token
    from xinglin.accounts.models import Account

    settings.SETTINGS = replace(settings.SETTINGS, policy="region")
    nurse, _ = Account.objects.get_or_create(
        username="dicom-nurse",
        defaults={"display_name": "nurse", "roles": ["nurse"], "institution_id": "elsewhere"},
    )
    other = Caller(f"Bearer {issue_token(account=nurse, label='test')}")

    assert other("GET", "/studies").status == 204
    assert other("GET", STUDY).status == 404
    assert other("GET", f"{STUDY}/metadata").status == 404
    assert other("GET", f"{INSTANCE}/rendered").status == 404
    assert other("GET", f"{INSTANCE}/bulkdata/7FE00010").status == 404


def test_every_look_is_noted_by_patient(stored: Caller, desk: Connection) -> None:
    access.flush()
    before = (desk.execute("SELECT coalesce(max(place), 0) FROM record_access").fetchone() or (0,))[0]

    stored("GET", "/studies?PatientID=00100020")
    stored("GET", f"{INSTANCE}/rendered")
    access.flush()

    patient = self_number("Patient", id_of("h01", "Patient", "00100020"))
    lines = [placed.line for placed in access.after(desk, before, limit=10)]
    assert [(line.action, line.patient, line.outcome) for line in lines] == [
        ("search", patient, "permit"), ("read", patient, "permit"),
    ]  # fmt: skip


def test_what_is_not_there_is_said_so(stored: Caller) -> None:
    assert stored("GET", "/studies/1.2.3").status == 404
    assert stored("GET", "/nothing").status == 404
    assert stored("DELETE", STUDY).status == 405


# -- somebody else's client


class Quiet(WSGIRequestHandler):
    def log_message(self, *_: Any) -> None:
        """Say nothing."""


def test_dicomweb_client_stores_searches_and_retrieves(
    sender: Sender, reading: Caller, desk: Connection
) -> None:
    web = pytest.importorskip("dicomweb_client")
    import requests
    from django.db import connections

    from xinglin.exchange.dicom.web import face
    from xinglin.record import database

    server = make_server("127.0.0.1", 0, face.application, handler_class=Quiet)

    def serve() -> None:
        server.serve_forever()
        database.close()
        connections.close_all()  # Django's own, by which the reader was known

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        url = f"http://127.0.0.1:{server.server_port}/dicomweb"
        clients = []
        for header in (f"Bearer {KEYS['h01']}", reading.authorization):
            session = requests.Session()
            session.headers["Authorization"] = header
            clients.append(web.DICOMwebClient(url, session=session))
        to_send, to_read = clients
        made = [dcmread(io.BytesIO(make.file(number=n))) for n in (1, 2)]

        said = to_send.store_instances(made)
        settling.settle(desk, clock.now())

        assert len(said.ReferencedSOPSequence) == 2
        (study,) = to_read.search_for_studies(search_filters={"PatientID": "00100020"})
        assert study["0020000D"]["Value"] == [make.STUDY]
        assert len(to_read.search_for_instances(study_instance_uid=make.STUDY)) == 2
        back = to_read.retrieve_study(make.STUDY)
        assert sorted(one.SOPInstanceUID for one in back) == sorted(one.SOPInstanceUID for one in made)
        assert len(to_read.retrieve_study_metadata(make.STUDY)) == 2
        (frame,) = to_read.retrieve_instance_frames(make.STUDY, make.SERIES, f"{make.ROOT}.1.1.1", [1])
        assert frame == make.dataset(1).PixelData
        picture = to_read.retrieve_instance_rendered(
            make.STUDY, make.SERIES, f"{make.ROOT}.1.1.1", media_types=("image/png",)
        )
        assert picture.startswith(b"\x89PNG")
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)

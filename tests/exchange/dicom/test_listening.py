"""The network's side, asked by pynetdicom and by dcmtk."""

from __future__ import annotations

import shutil
import socket
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
from pydicom import dcmread
from pydicom.data import get_testdata_file
from pynetdicom import AE, build_context
from pynetdicom.sop_class import Verification

from tests.exchange.dicom import make
from tests.exchange.dicom.test_taking import stands
from xinglin.exchange.dicom import checking, keeping, listening, peers, queries, settling
from xinglin.kernel import clock
from xinglin.kernel.actor import SYSTEM
from xinglin.record import database

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pydicom.dataset import Dataset

    from xinglin.exchange.doors import Sender
    from xinglin.record.database import Connection


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def port(sender: Sender) -> Iterator[int]:
    number = free_port()
    server = listening.serve(host="127.0.0.1", port=number, title="XINGLIN")
    yield number
    server.shutdown()
    for thread in list(server.ae.active_associations):
        thread.join(10)


def send(port: int, *made: Dataset, title: str = "MODALITY1") -> list[tuple[int, str]]:
    """What is answered to each."""
    entity = AE(ae_title=title)
    for one in made:
        entity.add_requested_context(one.SOPClassUID, one.file_meta.TransferSyntaxUID)
    association = entity.associate("127.0.0.1", port, ae_title="XINGLIN")
    assert association.is_established
    answers = []
    for one in made:
        status = association.send_c_store(one)
        answers.append((int(status.Status), str(status.get("ErrorComment", ""))))
    association.release()
    return answers


def written(made: Dataset) -> Dataset:
    import io

    return dcmread(io.BytesIO(make.file(made)))


def test_an_echo_is_answered(port: int) -> None:
    entity = AE(ae_title="MODALITY1")
    entity.requested_contexts = [build_context(Verification)]
    association = entity.associate("127.0.0.1", port)

    assert association.is_established
    assert association.send_c_echo().Status == 0
    association.release()


def test_who_is_not_known_is_rejected(port: int, desk: Connection) -> None:
    entity = AE(ae_title="STRANGER")
    entity.requested_contexts = [build_context(Verification)]

    association = entity.associate("127.0.0.1", port)

    assert association.is_rejected
    assert stands(desk)["instance"] == 0


def test_who_may_not_send_from_there_hears_so(port: int, desk: Connection, store: Path) -> None:
    peers.add(desk, peers.Title("ELSEWHERE", "h01", "10.9.8.7"))

    answers = send(port, written(make.dataset()), title="ELSEWHERE")

    assert [status for status, _ in answers] == [0x0124]
    assert stands(desk) == {"study": 0, "series": 0, "instance": 0, "former": 0, "held": 0}
    assert [path for path in store.rglob("*") if path.is_file()] == []


def test_images_waveforms_and_documents_are_stored(port: int, desk: Connection) -> None:
    made = [written(make.dataset(1)), written(make.dataset(2)), written(make.ecg()), written(make.document())]

    assert send(port, *made) == [(0, "")] * 4
    assert send(port, *made) == [(0, "")] * 4

    settling.settle(desk, clock.now())
    (study,) = queries.of_uid(desk, SYSTEM, make.STUDY)
    kept = queries.instances_of(desk, study)
    assert sorted(one.uid for one in kept) == sorted(one.SOPInstanceUID for one in made)
    assert checking.check(desk).found == []
    by_uid = {one.SOPInstanceUID: one for one in made}
    for one in kept:
        with keeping.store().open(one.digest) as file:
            back = dcmread(file)
        original = by_uid[one.uid]
        assert {e.tag: e.value for e in back if e.VR != "SQ"} == {
            e.tag: e.value for e in original if e.VR != "SQ"
        }


def test_what_is_wrong_is_answered_with_the_standards_status(port: int, desk: Connection) -> None:
    answers = send(port, written(make.dataset(1, PatientID=None)))

    assert answers == [(0xB007, "(0010,0020) The patient has no number: whose images are these?")]
    assert stands(desk)["held"] == 1


@pytest.mark.parametrize(
    "name",
    [
        "MR_small_RLE.dcm",
        "JPEG2000.dcm",
        "SC_rgb_jpeg_dcmtk.dcm",
        "MR_small_jpeg_ls_lossless.dcm",
        "CT_small.dcm",
        "MR_small_bigendian.dcm",
    ],
)
def test_compressed_files_of_others_pass_through_unchanged(port: int, desk: Connection, name: str) -> None:
    path = get_testdata_file(name, download=False)
    if path is None:
        pytest.skip("not among the files that come with pydicom")
    given = dcmread(path)
    if not given.get("PatientID"):
        given.PatientID = "1"

    ((status, _),) = send(port, given)

    assert status == 0
    (digest,) = desk.execute("SELECT digest FROM exchange_dicom_instance").fetchone() or (b"",)
    with keeping.store().open(bytes(digest)) as file:
        back = dcmread(file)
    assert back.file_meta.TransferSyntaxUID == given.file_meta.TransferSyntaxUID
    assert back.PixelData == given.PixelData


def test_an_association_that_breaks_off_keeps_what_was_acknowledged(port: int, desk: Connection) -> None:
    entity = AE(ae_title="MODALITY1")
    first = written(make.dataset(1))
    entity.add_requested_context(first.SOPClassUID, first.file_meta.TransferSyntaxUID)
    association = entity.associate("127.0.0.1", port)
    assert association.send_c_store(first).Status == 0
    association.abort()

    assert stands(desk)["instance"] == 1


# -- dcmtk

SYSTEM_PATH = "/usr/local/bin:/usr/bin:/bin"  # pynetdicom has programs of the same names
dcmtk = pytest.mark.skipif(shutil.which("dcmdump", path=SYSTEM_PATH) is None, reason="dcmtk is not installed")


def run(*arguments: Any) -> subprocess.CompletedProcess[str]:
    program = shutil.which(arguments[0], path=SYSTEM_PATH) or arguments[0]
    return subprocess.run(
        [program, *map(str, arguments[1:])], capture_output=True, text=True, check=False, timeout=60
    )


@dcmtk
def test_dcmtk_echoes_and_stores(port: int, desk: Connection, tmp_path: Path) -> None:
    for number in range(1, 6):
        (tmp_path / f"{number}.dcm").write_bytes(make.file(number=number))
    calling = ("-aet", "MODALITY1", "-aec", "XINGLIN", "127.0.0.1", port)

    assert run("echoscu", *calling).returncode == 0
    assert run("echoscu", "-aet", "STRANGER", "127.0.0.1", port).returncode != 0
    sent = run("storescu", *calling, *sorted(tmp_path.glob("*.dcm")))

    assert sent.returncode == 0, sent.stderr
    assert stands(desk)["instance"] == 5
    assert checking.check(desk).found == []


@dcmtk
def test_dcmtk_sends_compressed_images_as_they_are(port: int, desk: Connection) -> None:
    path = get_testdata_file("JPEG2000.dcm", download=False)
    if path is None:
        pytest.skip("not among the files that come with pydicom")

    sent = run("storescu", "-xw", "-aet", "MODALITY1", "127.0.0.1", port, path)

    assert sent.returncode == 0, sent.stderr
    row = desk.execute("SELECT syntax FROM exchange_dicom_instance").fetchone()
    assert row == ("1.2.840.10008.1.2.4.91",)
    database.connection()


# -- C-FIND


def find(port: int, title: str = "MODALITY1", **asked: Any) -> list[Dataset]:
    from pydicom.dataset import Dataset
    from pynetdicom.sop_class import StudyRootQueryRetrieveInformationModelFind as Find

    entity = AE(ae_title=title)
    entity.add_requested_context(Find)
    association = entity.associate("127.0.0.1", port)
    question = Dataset()
    for keyword, value in asked.items():
        setattr(question, keyword, value)
    found = [answer for status, answer in association.send_c_find(question, Find) if status.Status == 0xFF00]
    association.release()
    return found


def test_a_sender_finds_its_own_studies_alone(port: int, desk: Connection) -> None:
    from tests.exchange.dicom.conftest import register

    send(port, written(make.dataset(1)), written(make.dataset(2)))
    register(desk, "h02")
    peers.add(desk, peers.Title("OTHER", "h02"))
    settling.settle(desk, clock.now())

    (found,) = find(
        port, QueryRetrieveLevel="STUDY", SpecificCharacterSet="ISO_IR 192", PatientName="张*", StudyInstanceUID="",
        NumberOfStudyRelatedInstances="", StudyDescription="",
    )  # fmt: skip

    assert found.StudyInstanceUID == make.STUDY
    assert found.NumberOfStudyRelatedInstances == 2
    assert found.StudyDescription == "胸部CT平扫"
    assert str(found.PatientName) == "Zhang^San=张^三"
    assert len(find(port, QueryRetrieveLevel="IMAGE", StudyInstanceUID=make.STUDY, SOPInstanceUID="")) == 2
    assert len(find(port, QueryRetrieveLevel="SERIES", StudyInstanceUID=make.STUDY, Modality="MR")) == 0
    assert find(port, title="OTHER", QueryRetrieveLevel="STUDY", StudyInstanceUID="") == []


@dcmtk
def test_dcmtk_finds(port: int, desk: Connection) -> None:
    send(port, written(make.dataset(1)))
    settling.settle(desk, clock.now())

    found = run(
        "findscu", "-S", "-aet", "MODALITY1", "127.0.0.1", port, "-k", "QueryRetrieveLevel=STUDY", "-k",
        "PatientID=00100020", "-k", "StudyInstanceUID",
    )  # fmt: skip

    assert found.returncode == 0
    assert make.STUDY in found.stdout + found.stderr

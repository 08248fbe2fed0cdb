"""The door for images: instances and megabytes a second over the network, beside writing the same bytes to disk.

Usage: python benchmarks/dicom.py [--instances 300] [--size 524288] [--senders 2]

A platform of its own in a temporary folder. Disk: each file written, flushed (fsync) and renamed, nothing else.
C-STORE: as many associations at once as there are senders, each instance acknowledged before the next is sent, to one
listener process; a study has all instances of one sender. STOW-RS: the same files, ten a request, through the face in
this process. All files are different.
"""

from __future__ import annotations

import argparse
import io
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

CT = "1.2.840.10008.5.1.4.1.1.2"
ROOT = "1.2.826.0.1.3680043.8.498.9"


def set_up(home: Path) -> str:
    """A platform of its own with two senders; the key of the first."""
    os.environ["XINGLIN_HOME"] = str(home)
    os.environ["DJANGO_SETTINGS_MODULE"] = "xinglin.config.settings"
    from xinglin.config import embedded

    os.environ["DATABASE_URL"] = embedded.ensure_running(home)
    import django

    django.setup()
    from django.core.management import call_command

    from xinglin.exchange import senders
    from xinglin.exchange.dicom import peers
    from xinglin.exchange.doors import Door
    from xinglin.kernel import clock
    from xinglin.kernel.actor import SYSTEM
    from xinglin.record import database

    call_command("migrate", interactive=False, verbosity=0)
    details = senders.Details(name="Bench", doors=(Door.DICOM,))
    key = senders.register(
        database.connection(), code="bench", details=details, actor=SYSTEM, now=clock.now()
    )
    peers.add(database.connection(), peers.Title("BENCH", "bench"))
    return key


def dataset(sender: int, number: int, size: int) -> Any:
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.uid import ExplicitVRLittleEndian

    made = Dataset()
    side = int((size / 2) ** 0.5)
    said = {
        "SpecificCharacterSet": "GB18030", "SOPClassUID": CT, "SOPInstanceUID": f"{ROOT}.{sender}.1.{number}",
        "StudyInstanceUID": f"{ROOT}.{sender}", "SeriesInstanceUID": f"{ROOT}.{sender}.1", "StudyDate": "20261103",
        "StudyTime": "093015", "AccessionNumber": f"B{sender}", "Modality": "CT", "StudyDescription": "胸部CT平扫",
        "PatientName": f"测^试{sender}", "PatientID": f"P{sender}", "PatientSex": "M", "InstanceNumber": number,
        "Rows": side, "Columns": side, "BitsAllocated": 16, "BitsStored": 12, "HighBit": 11, "PixelRepresentation": 0,
        "SamplesPerPixel": 1, "PhotometricInterpretation": "MONOCHROME2",
    }  # fmt: skip
    for keyword, value in said.items():
        setattr(made, keyword, value)
    made.PixelData = os.urandom(side * side * 2)
    made["PixelData"].VR = "OW"
    made.file_meta = FileMetaDataset()
    made.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    made.file_meta.MediaStorageSOPClassUID = CT
    made.file_meta.MediaStorageSOPInstanceUID = made.SOPInstanceUID
    return made


def written(made: Any) -> bytes:
    out = io.BytesIO()
    made.save_as(out, enforce_file_format=True)
    return out.getvalue()


def disk(folder: Path, files: list[bytes]) -> float:
    folder.mkdir()
    begun = time.perf_counter()
    for number, body in enumerate(files):
        path = folder / f"{number}.part"
        with path.open("wb") as out:
            out.write(body)
            out.flush()
            os.fsync(out.fileno())
        path.rename(folder / f"{number}.dcm")
        descriptor = os.open(folder, os.O_RDONLY)
        os.fsync(descriptor)
        os.close(descriptor)
    return time.perf_counter() - begun


def send(port: int, batch: list[Any], failed: list[int]) -> None:
    from pydicom.uid import ExplicitVRLittleEndian
    from pynetdicom import AE

    entity = AE(ae_title="BENCH")
    entity.maximum_pdu_size = 1 << 18
    entity.add_requested_context(CT, ExplicitVRLittleEndian)
    association = entity.associate("127.0.0.1", port)
    failed.extend(1 for one in batch if association.send_c_store(one).get("Status") != 0)
    association.release()


def c_store(port: int, batches: list[list[Any]]) -> tuple[float, int]:
    from pynetdicom import AE
    from pynetdicom.sop_class import Verification

    listener = subprocess.Popen(
        [sys.executable, "-m", "xinglin.config.command", "dicom", "run", "--port", str(port)],
        stdout=subprocess.DEVNULL,
    )
    try:
        for _ in range(300):
            entity = AE(ae_title="BENCH")
            entity.add_requested_context(Verification)
            association = entity.associate("127.0.0.1", port)
            if association.is_established:
                association.release()
                break
            time.sleep(0.2)
        failed: list[int] = []
        threads = [threading.Thread(target=send, args=(port, batch, failed)) for batch in batches]
        begun = time.perf_counter()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return time.perf_counter() - begun, len(failed)
    finally:
        listener.terminate()
        listener.wait(60)


def stow(key: str, files: list[bytes]) -> float:
    from xinglin.exchange.dicom.web import face, multipart

    begun = time.perf_counter()
    for start in range(0, len(files), 10):
        parts = [([("Content-Type", "application/dicom")], [body]) for body in files[start : start + 10]]
        body = b"".join(multipart.written(parts, "mark"))
        environ = {
            "REQUEST_METHOD": "POST", "PATH_INFO": "/dicomweb/studies", "HTTP_AUTHORIZATION": f"Bearer {key}",
            "CONTENT_TYPE": 'multipart/related; type="application/dicom"; boundary=mark', "REMOTE_ADDR": "127.0.0.1",
            "CONTENT_LENGTH": str(len(body)), "wsgi.input": io.BytesIO(body), "SERVER_NAME": "x", "SERVER_PORT": "80",
        }  # fmt: skip
        said: list[str] = []
        b"".join(face.application(environ, lambda line, _, said=said: said.append(line)))
        if not said[0].startswith("200"):
            raise SystemExit(f"STOW-RS answered {said[0]}")
    return time.perf_counter() - begun


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--instances", type=int, default=300)
    parser.add_argument("--size", type=int, default=1 << 19)
    parser.add_argument("--senders", type=int, default=2)
    parser.add_argument("--port", type=int, default=11199)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="xl-dicom-") as folder:
        key = set_up(Path(folder) / "home")
        try:
            measure(given, key, Path(folder))
        finally:
            subprocess.run([sys.executable, "-m", "xinglin.config.command", "stop"], check=False)


def measure(given: argparse.Namespace, key: str, folder: Path) -> None:
    per_sender = given.instances // given.senders
    batches = [[dataset(s, n, given.size) for n in range(1, per_sender + 1)] for s in range(given.senders)]
    count = per_sender * given.senders
    files = [written(one) for batch in batches for one in batch]
    megabytes = sum(map(len, files)) / 1e6

    def told(name: str, seconds: float) -> None:
        print(f"{name:24} {count / seconds:8.0f} instances/s {megabytes / seconds:8.1f} MB/s")

    told("disk", disk(folder / "plain", files))
    seconds, failed = c_store(given.port, batches)
    told(f"C-STORE, {given.senders} senders", seconds)
    if failed:
        raise SystemExit(f"{failed} instances were not acknowledged")
    again = [written(dataset(given.senders + 1, n, given.size)) for n in range(1, count + 1)]
    told("STOW-RS, 10 a request", stow(key, again))
    from xinglin.exchange.dicom import checking, settling
    from xinglin.kernel import clock
    from xinglin.record import database

    begun = time.perf_counter()
    studies = settling.settle(database.connection(), clock.now(), everything=True)
    print(f"{studies} studies told to the record in {time.perf_counter() - begun:.2f} s")
    begun = time.perf_counter()
    report = checking.check(database.connection())
    print(
        f"check: {report.instances} instances in {time.perf_counter() - begun:.2f} s, sound: {report.is_sound}"
    )


if __name__ == "__main__":
    main()

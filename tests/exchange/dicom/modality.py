"""A modality as a process of its own: sends slices one after another, and says which were acknowledged.

Usage: python -m tests.exchange.dicom.modality PORT FIRST
"""

from __future__ import annotations

import io
import sys
import time

from pydicom import dcmread
from pydicom.uid import ExplicitVRLittleEndian
from pynetdicom import AE

from tests.exchange.dicom import make


def main(port: int, number: int) -> None:
    entity = AE(ae_title="MODALITY1")
    entity.add_requested_context(make.CT, ExplicitVRLittleEndian)
    entity.acse_timeout = entity.dimse_timeout = entity.network_timeout = 10
    deadline = time.monotonic() + 90
    association = entity.associate("127.0.0.1", port)
    while not association.is_established and time.monotonic() < deadline:
        time.sleep(0.2)
        association = entity.associate("127.0.0.1", port)
    while association.is_established:
        one = dcmread(io.BytesIO(make.file(number=number)))
        if association.send_c_store(one).get("Status") != 0:
            return
        sys.stdout.write(f"{number}\n")
        sys.stdout.flush()
        number += 1


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))

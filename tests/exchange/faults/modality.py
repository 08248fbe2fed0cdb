"""A modality as a process of its own: told numbers line by line, it sends those slices and says what was answered.

A line of answer is a status in hexadecimal digits, or ``-`` where there was none. Usage: python -m
tests.exchange.faults.modality PORT
"""

from __future__ import annotations

import io
import sys
from typing import Any

from pydicom import dcmread
from pydicom.uid import ExplicitVRLittleEndian
from pynetdicom import AE

from tests.exchange.dicom import make

_ANSWER = 8.0  # seconds


def main(port: int) -> None:
    entity = AE(ae_title="MODALITY1")
    entity.add_requested_context(make.CT, ExplicitVRLittleEndian)
    entity.acse_timeout = entity.dimse_timeout = entity.network_timeout = _ANSWER
    association: Any = None
    for line in sys.stdin:
        if association is None or not association.is_established:
            association = entity.associate("127.0.0.1", port)
        status = None
        if association.is_established:
            one = dcmread(io.BytesIO(make.file(number=int(line))))
            status = association.send_c_store(one).get("Status")
        sys.stdout.write("-\n" if status is None else f"{status:x}\n")
        sys.stdout.flush()
    if association is not None and association.is_established:
        association.release()


if __name__ == "__main__":
    main(int(sys.argv[1]))

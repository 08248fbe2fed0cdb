"""A process that stores Patients as fast as it can and prints each id with the moment it was acknowledged."""

from __future__ import annotations

import threading
import time

import django

django.setup()

from xinglin.kernel.actor import SYSTEM  # noqa: E402
from xinglin.record.door import open_as  # noqa: E402

_lock = threading.Lock()


def write() -> None:
    door = open_as(SYSTEM)
    number = 0
    while True:
        number += 1
        draft = door.create({"resourceType": "Patient", "name": [{"text": f"病人{number}"}]}).draft
        moment = time.time()
        assert draft is not None
        with _lock:
            print(f"{moment:.6f} {draft.id}", flush=True)  # noqa: T201 -- what the test reads
        time.sleep(0.004)


for _ in range(3):
    threading.Thread(target=write).start()

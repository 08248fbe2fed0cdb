from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from django.test import Client

    from tests.ledger.make import Log
    from xinglin.record.door import Door


def test_smoke(log: Log, browser: Client, door: Door) -> None:
    log.grow(10)
    for path in [
        "",
        "entries/",
        "entries/3/",
        "entries/3/proof",
        "entries/3/certificate/",
        "own/",
        "verify/",
        "audits/",
        "log/checkpoint",
        "log/policy",
        "log/tile/0/000.p/10",
        "log/tile/entries/000.p/3",
        "log/proof/inclusion?index=3",
        "log/proof/consistency?from=3&to=10",
    ]:
        r = browser("administrator").get("/ledger/" + path)
        assert r.status_code == 200, (path, r.content.decode()[:3000])

"""A platform on a port of its own tells its pages to look for streams beside that one."""

from __future__ import annotations

import urllib.request
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from django.conf import settings

from tests.conformance.conftest import serving
from tests.live.listening import key_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from django.test import Client


def test_streams_are_beside_the_port_that_was_asked_for(
    tmp_path: Path, sign_in: Callable[..., Client]
) -> None:
    key = key_of(sign_in("one", "doctor"))
    with serving(tmp_path, XINGLIN_LIVE="true", XINGLIN_SECRET_KEY=settings.SECRET_KEY) as base:
        where = urlsplit(base)
        assert where.port
        asked = urllib.request.Request(
            f"http://{where.netloc}/directory/", headers={"Cookie": f"{settings.SESSION_COOKIE_NAME}={key}"}
        )
        page = urllib.request.urlopen(asked).read().decode()

    assert f'data-from="http://127.0.0.1:{where.port + 1}/live"' in page

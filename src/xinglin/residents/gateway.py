"""How a text reaches a phone: into the outbox of this machine, or to a gateway by HTTP. ``XINGLIN_SMS`` says which.

``file`` appends a line of JSON to ``<home>/outbox/sms.ndjson``. An address is sent ``{"phone": …, "text": …}`` by POST,
with ``XINGLIN_SMS_TOKEN`` as a bearer token, by a thread of its own: how long a gateway takes must not tell anything
about a number. What could not be sent is logged without number and text.
"""

from __future__ import annotations

import json
import logging
import os
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TYPE_CHECKING

from django.conf import settings

from xinglin.kernel import outgoing

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

_TIMEOUT = 10.0
_log = logging.getLogger(__name__)


@cache
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=4, thread_name_prefix="sms")


def outbox() -> Path:
    return settings.SETTINGS.home / "outbox" / "sms.ndjson"


def send(phone: str, text: str, *, now: datetime) -> None:
    """Send a text, or begin to."""
    way = settings.SETTINGS.sms
    if way == "file":
        _write(outbox(), {"moment": now.isoformat(), "phone": phone, "text": text})
    else:
        _threads().submit(_post, way, phone, text)


def _write(path: Path, line: dict[str, str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    with os.fdopen(handle, "a", encoding="utf-8") as file:
        file.write(json.dumps(line, ensure_ascii=False) + "\n")


def _post(address: str, phone: str, text: str) -> None:
    headers = {"Content-Type": "application/json"}
    if settings.SETTINGS.sms_token:
        headers["Authorization"] = f"Bearer {settings.SETTINGS.sms_token}"
    body = json.dumps({"phone": phone, "text": text}).encode()
    request = urllib.request.Request(address, body, headers, method="POST")  # noqa: S310 -- http(s), checked at the start
    try:
        with outgoing.opener.open(request, timeout=_TIMEOUT) as answer:
            answer.read(1000)
    except urllib.error.HTTPError as refused:
        refused.close()
        _log.error("A text was not sent: the gateway answered %s", refused.code)
    except OSError as error:
        _log.error("A text was not sent: %s", type(error).__name__)


def last_text(phone: str) -> str:
    """The latest text to a phone in the outbox, for a demonstration; "" without one."""
    path = outbox()
    if settings.SETTINGS.sms != "file" or not path.exists():
        return ""
    with path.open("rb") as file:
        file.seek(max(path.stat().st_size - 65_536, 0))
        lines = file.read().decode("utf-8", "replace").splitlines()
    for line in reversed(lines):
        try:
            sent = json.loads(line)
        except ValueError:
            continue
        if sent.get("phone") == phone:
            return str(sent.get("text", ""))
    return ""

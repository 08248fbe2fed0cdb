"""Saying something to another node, and hearing its answer."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_noop

from xinglin.exchange.nodes import letters
from xinglin.exchange.nodes.letters import Letter
from xinglin.kernel import clock, outgoing
from xinglin.kernel.errors import Fault, busy, invalid

if TYPE_CHECKING:
    from xinglin.exchange.nodes.models import Node, Own

_SECONDS = 30
_LARGEST = 256 << 20
_LARGEST_KEY = 16 << 10


def say(own: Own, node: Node, path: str, said: dict[str, Any]) -> dict[str, Any]:
    """The node's answer. Fault ``busy`` where there is none now, ``invalid`` with the node's words where it refuses."""
    letter = Letter(path, json.dumps(said, ensure_ascii=False).encode(), node.code)
    token = letters.token(letter, sender=own.code, now=clock.now())
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
    status, body = _asked(node.address + path, letter.body, headers, _LARGEST)
    answer = _object(body)
    if status == 200 and answer is not None:
        return answer
    words = str((answer or {}).get("error", "")) or f"HTTP {status}"
    if status in (400, 422):
        raise invalid(gettext_noop("%(node)s refuses it: %(why)s"), node=node.name, why=words)
    raise busy(gettext_noop("%(node)s does not answer as it should: %(why)s"), node=node.name, why=words)


def introduction(address: str) -> dict[str, Any]:
    """Who a node says it is, with its key; nothing of it is proven yet. Fault ``invalid``."""
    try:
        status, body = _asked(f"{address}/exchange/nodes/key", None, {}, _LARGEST_KEY)
    except Fault:
        status, body = 0, b""
    answer = _object(body)
    if status != 200 or answer is None or not isinstance(answer.get("jwk"), dict):
        raise invalid(gettext_noop("No node introduces itself at %(address)s."), address=address)
    return answer


def _asked(address: str, body: bytes | None, headers: dict[str, str], most: int) -> tuple[int, bytes]:
    asked = urllib.request.Request(address, body, {"Accept": "application/json", **headers})  # noqa: S310 -- rules.address
    try:
        with outgoing.opener.open(asked, timeout=_SECONDS) as answer:
            return int(answer.status), answer.read(most)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read(_LARGEST_KEY)
    except (OSError, ValueError) as error:
        raise busy(
            gettext_noop("The node at %(address)s does not answer: %(why)s"), address=address, why=error
        ) from None


def _object(body: bytes) -> dict[str, Any] | None:
    try:
        read = json.loads(body)
    except ValueError:
        return None
    return read if isinstance(read, dict) else None

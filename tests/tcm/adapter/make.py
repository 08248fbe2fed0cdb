"""A clinic's own system, as its vendor would write it: it signs addresses and sends messages."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from tests.exchange.make import STEWARD

if TYPE_CHECKING:
    from xinglin.exchange.doors import Sender

ORIGIN = "https://his.clinic.example"
PAGES = ("record", "differentiation", "knowledge", "prescription", "constitution", "overview")
LIVER = "胁肋胀痛，情志抑郁则甚，胸闷嗳气，食少，无发热，舌苔薄白，脉弦"


def let_in(clinic: Sender, *origins: str, pages: tuple[str, ...] = PAGES) -> str:
    """Let the clinic open pages, and its doctor D017 be the account li; the key for signing."""
    from xinglin.accounts.models import Account
    from xinglin.kernel import clock
    from xinglin.tcm.adapter import actions, queries

    system = actions.register(
        code=clinic.code, origins=origins or (ORIGIN,), pages=pages, actor=STEWARD, now=clock.now()
    )
    account, _ = Account.objects.get_or_create(
        username="li",
        defaults={"display_name": "李仲平", "roles": ["doctor"], "institution_id": "clinic-1"},
    )
    sender, _ = queries.system_of(clinic.code)
    actions.map_doctor(system=system, sender=sender, number="D017", username=account.username, actor=STEWARD)
    return actions.renew_secret(system=system, actor=STEWARD, now=clock.now())


def fields(page: str, **more: Any) -> dict[str, str]:
    said = {
        "system": "zyg01", "page": page, "doctor": "D017", "patient": "P1001", "visit": "M20261127001",
        "time": str(int(time.time())), "nonce": secrets.token_hex(12),
    }  # fmt: skip
    return {name: str(value) for name, value in {**said, **more}.items() if value is not None}


def signed(secret: str, given: dict[str, str]) -> dict[str, str]:
    """As the documentation says it: sorted, joined, HMAC-SHA256, hexadecimal."""
    text = "&".join(f"{name}={given[name]}" for name in sorted(given) if given[name])
    return {**given, "sign": hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()}


def address(secret: str, page: str, **more: Any) -> str:
    return "/framed/open?" + urlencode(signed(secret, fields(page, **more)))

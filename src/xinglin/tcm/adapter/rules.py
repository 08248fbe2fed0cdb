"""What a launch has to be: signed by the clinic's key, fresh, for a page that the system may open. Pure."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING, Any

from django.utils.translation import get_language, gettext_noop

from xinglin.crypto import digests
from xinglin.kernel.errors import forbidden, invalid, not_found
from xinglin.tcm.adapter.envelopes import moment
from xinglin.tcm.adapter.messages import DATA

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from xinglin.kernel.actor import Actor

SIGN, ALGORITHM = "sign", "alg"
_ORIGIN = re.compile(r"https?://[a-z0-9](?:[a-z0-9.\-]{0,250}[a-z0-9])?(?::[0-9]{1,5})?")
_FIELD = re.compile(r"[A-Za-z_]{1,30}")
_NONCE = re.compile(r"[A-Za-z0-9._\-]{16,64}")
_NUMBER = re.compile(r"[^\x00-\x1f]{1,64}")
_ALGORITHMS: dict[str, Callable[[bytes, bytes], bytes]] = {
    "HMAC-SHA256": digests.hmac_sha256, "HMAC-SM3": digests.hmac_sm3,
}  # fmt: skip
_EPOCH_DIGITS = 10


class Needs(StrEnum):
    """Whether a page needs a patient."""

    NEEDED = "needed"
    WANTED = "wanted"
    NO = "no"


@dataclass(frozen=True, slots=True)
class Page:
    """A page that may be embedded. ``start`` is the name of its address, ``under`` what it may open."""

    key: str
    resource: str
    name: str
    name_en: str
    confidence: str
    start: str
    patient: Needs
    writes: bool
    under: tuple[str, ...]
    hand_back: bool = False
    of_patient: bool = False  # its address has the Patient in it

    @property
    def title(self) -> str:
        """In the reader's language."""
        return self.name if (get_language() or "zh").startswith("zh") else self.name_en

    def opens(self, path: str, method: str, patient: str) -> bool:
        """Whether a window that was opened for this page, and that Patient, may ask for a path."""
        if not self.writes and method not in ("GET", "HEAD"):
            return False
        for one in self.under:
            if "{patient}" in one and not patient:
                continue
            wanted = one.replace("{patient}", patient)
            if path == wanted.rstrip("$") or (not wanted.endswith("$") and path.startswith(wanted)):
                return True
        return False


@dataclass(frozen=True, slots=True)
class Asked:
    """What a signed address asks for. ``patient`` and ``visit`` are the clinic's own numbers."""

    system: str
    page: str
    doctor: str
    nonce: str
    moment: datetime
    patient: str = ""
    visit: str = ""
    origin: str = ""
    language: str = ""


@cache
def _data() -> dict[str, Any]:
    return tomllib.loads((DATA / "pages-1.toml").read_text("utf-8"))


@cache
def pages() -> Mapping[str, Page]:
    """The pages by their keys."""
    made = [
        Page(**{**one, "patient": Needs(one["patient"]), "under": tuple(one["under"])})
        for one in _data()["page"]
    ]
    return {one.key: one for one in made}


def page(name: str) -> Page:
    """The page of that key, or of that name in the known interface; fault ``not_found``."""
    found = pages().get(name) or next((one for one in pages().values() if one.resource == name), None)
    if found is None:
        raise not_found(
            gettext_noop("There is no page %(name)s to embed; there are %(known)s."), name=name[:40],
            known=", ".join(pages()),
        )  # fmt: skip
    return found


def session_seconds() -> tuple[int, int]:
    """How long a window may rest, and last in all."""
    said = _data()["session"]
    return said["idle_minutes"] * 60, said["hours"] * 3600


def remembered() -> timedelta:
    """How long a used number is remembered."""
    return timedelta(days=_data()["launch"]["kept_days"])


def may_manage(actor: Actor) -> bool:
    """Whether the actor registers systems."""
    return bool(actor.roles & frozenset(_data()["managing"]))


def require_managing(actor: Actor) -> None:
    """Fault ``forbidden`` for whoever may not."""
    if not may_manage(actor):
        raise forbidden(gettext_noop("Clinics' systems are registered by administrators."))


def may_be_opened(roles: list[str]) -> bool:
    """Whether a clinic's system may act for an account with these roles: for a doctor, never for an administrator."""
    return bool(roles) and set(roles) <= set(_data()["roles"])


def require_origin(text: str) -> str:
    """An origin as browsers write it; fault ``invalid``."""
    known = text.strip().lower().removesuffix("/")
    if not _ORIGIN.fullmatch(known):
        raise invalid(
            gettext_noop("“%(text)s” is no origin; write https://his.example or http://10.1.2.3:8080."),
            code="value", expression="origins", text=text[:80],
        )  # fmt: skip
    return known


# -- the signature


def canonical(fields: Mapping[str, str]) -> bytes:
    """What is signed: all fields but the signature that are not empty, by name, as ``name=value`` with & between."""
    told = sorted((name, value) for name, value in fields.items() if name != SIGN and value)
    return "&".join(f"{name}={value}" for name, value in told).encode()


def signature(secret: str, fields: Mapping[str, str]) -> str:
    """The signature of the fields, hexadecimal; ``alg`` among them names the algorithm. Fault ``invalid``."""
    name = fields.get(ALGORITHM) or "HMAC-SHA256"
    if name not in _ALGORITHMS:
        raise invalid(
            gettext_noop("The field alg is to be one of %(known)s."), code="value", expression=ALGORITHM,
            known=", ".join(_ALGORITHMS),
        )  # fmt: skip
    return _ALGORITHMS[name](secret.encode(), canonical(fields)).hex()


def require_signed(secret: str, fields: Mapping[str, str]) -> None:
    """Fault ``forbidden`` where the signature is another, ``invalid`` where two readings could have the same."""
    if any("&" in value or not _FIELD.fullmatch(name) for name, value in fields.items()):
        raise invalid(gettext_noop("A field of the address may hold no &."), code="value")
    if not digests.equal(signature(secret, fields), fields.get(SIGN, "").lower()):
        raise forbidden(
            gettext_noop("The signature of the address does not fit: key, fields or their order differ."),
            code="security",
        )


def read(fields: Mapping[str, str]) -> Asked:
    """What the fields ask for; fault ``invalid`` with the field that is wrong."""
    said = {name: fields.get(name, "").strip() for name in ("system", "page", "doctor", "patient", "visit")}
    for ours, theirs in _data()["aliases"].items():
        said[ours] = said.get(ours) or next((fields[name].strip() for name in theirs if fields.get(name)), "")
    for name in ("system", "page", "doctor"):
        if not said[name]:
            raise invalid(
                gettext_noop("The field %(name)s is missing in the address."),
                code="required",
                expression=name,
                name=name,
            )
    for name, value in said.items():
        if value and not _NUMBER.fullmatch(value):
            raise invalid(
                gettext_noop("The field %(name)s is too long or has signs that are none."), code="value",
                expression=name, name=name,
            )  # fmt: skip
    nonce = fields.get("nonce", "")
    if not _NONCE.fullmatch(nonce):
        raise invalid(
            gettext_noop("The field nonce is to be 16 to 64 letters, digits or any of . _ - that were never used."),
            code="value", expression="nonce",
        )  # fmt: skip
    return Asked(
        **said, nonce=nonce, moment=_moment(fields.get("time", "")), origin=fields.get("origin", ""),
        language=fields.get("lang", ""),
    )  # fmt: skip


def _moment(text: str) -> datetime:
    found = moment(text) if len(text) != _EPOCH_DIGITS else None
    if found is None and text.isascii() and text.isdigit() and len(text) == _EPOCH_DIGITS:
        found = datetime.fromtimestamp(int(text), UTC)
    if found is None:
        raise invalid(
            gettext_noop("The field time is to be YYYYMMDDhhmmss, or seconds since 1970."),
            code="value",
            expression="time",
        )
    return found


def require_fresh(asked: Asked, now: datetime) -> None:
    """Fault ``forbidden`` for an address that is too old, or from a clock that is ahead."""
    limits = _data()["launch"]
    age = (now - asked.moment).total_seconds()
    if age > limits["seconds"]:
        raise forbidden(
            gettext_noop("The address has expired: it is %(age)s s old and holds %(seconds)s s. Open the page again."),
            code="expired", age=round(age), seconds=limits["seconds"],
        )  # fmt: skip
    if -age > limits["ahead_seconds"]:
        raise forbidden(
            gettext_noop("The clock of the clinic's system is %(ahead)s s ahead of the platform's."), code="expired",
            ahead=round(-age),
        )  # fmt: skip

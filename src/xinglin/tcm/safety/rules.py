"""Who may check and overrule, and what a finding needs before the prescription is signed. Pure."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from django.utils.translation import gettext_noop

from xinglin.kernel.errors import forbidden, invalid
from xinglin.tcm import rights
from xinglin.tcm.safety.rulebook import DATA
from xinglin.tcm.safety.values import Level

if TYPE_CHECKING:
    from collections.abc import Iterable

    from xinglin.kernel.actor import Actor
    from xinglin.tcm.safety.values import Finding

RIGHTS = ("checking", "overruling", "seconding", "counting")


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a finding is overruled: a code of ``reasons.toml``, and words of one's own."""

    code: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class Given:
    """One signature beside a finding: ``part`` is ``author`` or ``second``."""

    key: str
    part: str
    actor: str


@cache
def reasons() -> dict[str, dict[str, str]]:
    """The reasons that may be given, by code: ``zh`` and ``en``, and ``text`` where words are demanded."""
    with (DATA / "reasons.toml").open("rb") as source:
        return {each["code"]: each for each in tomllib.load(source)["reason"]}


def may(actor: Actor, right: str) -> bool:
    return bool(rights.of(DATA / "rights.toml", *RIGHTS)[right] & actor.roles) or actor.has("system")


def require(actor: Actor, right: str) -> None:
    """Raise ``forbidden`` without the right."""
    if not may(actor, right):
        raise forbidden(gettext_noop("%(name)s may not do this with prescriptions."), name=actor.name)


def require_reason(reason: Reason) -> None:
    """Raise ``invalid`` for a reason that is none."""
    known = reasons()
    if reason.code not in known:
        raise invalid(gettext_noop("Choose one of the reasons: %(known)s."), known=", ".join(known))
    if known[reason.code].get("text") and not reason.text.strip():
        raise invalid(gettext_noop("Say in words why."))


def is_settled(finding: Finding, given: Iterable[Given]) -> bool:
    """Whether a finding hinders no more.

    A note never does. What needs a second signature needs that of who prescribes; what is stopped needs somebody
    else's besides, and what is final stays.
    """
    if finding.level is Level.NOTE:
        return True
    if finding.final:
        return False
    signed = [one for one in given if one.key == finding.key]
    authors = {one.actor for one in signed if one.part == "author"}
    if finding.level is Level.SECOND:
        return bool(authors)
    return any(one.part == "second" and authors - {one.actor} for one in signed)

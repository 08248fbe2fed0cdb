"""What an answer of the platform means for the message that it answers, and how long to wait. Pure."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_noop

from xinglin.edge.words import Words

if TYPE_CHECKING:
    from collections.abc import Mapping


class Fate(StrEnum):
    """What becomes of a message."""

    KEPT = "kept"  # the platform has it: it leaves the buffer
    REFUSED = "refused"  # it will never be taken as it is: a person has to look
    AGAIN = "again"  # this message could not be worked now; those of other patients go on
    LINE = "line"  # nothing can be sent now


@dataclass(frozen=True, slots=True)
class Told:
    """One reason, as the platform or a mapping gives it."""

    severity: str
    code: str
    place: str
    text: str


@dataclass(frozen=True, slots=True)
class Answer:
    """``wait`` is what the platform asks to wait, in seconds; ``said`` is for the operator."""

    fate: Fate
    receipt: str = ""
    reasons: tuple[Told, ...] = ()
    wait: float = 0.0
    said: Words = field(default_factory=Words)


_KEPT_STATES = frozenset({"stored", "received", "discarded"})
_NEVER = {
    400: gettext_noop("The platform cannot read the message."),
    409: gettext_noop("The platform has another message under the same key."),
    413: gettext_noop("The message is larger than the platform takes."),
    415: gettext_noop("The platform's door does not take messages of this media type."),
}
_NO_DOOR = gettext_noop("There is no such door at the address of the platform. Check `address` and `door`.")
_LINE = {
    401: gettext_noop("The platform does not know the key of this sender. Put the right key into key_file."),
    403: gettext_noop(
        "The platform does not let this sender use the door. Ask its operator to open the door for the sender."
    ),
    404: _NO_DOOR,
    405: _NO_DOOR,
    407: gettext_noop("A proxy between here and the platform asks for a sign-in."),
}
_PATIENT = frozenset({408, 425, 429, 502, 503, 504})
LONGEST_WAIT = 300.0


def read(status: int, headers: Mapping[str, str], body: bytes) -> Answer:
    """The answer to one message."""
    said = _object(body)
    state = str(said.get("state", ""))
    receipt = str(said.get("receipt", ""))
    if status in (200, 202) and receipt and state in _KEPT_STATES:
        return Answer(Fate.KEPT, receipt, _reasons(said))
    if status == 422 or (status == 200 and receipt and state == "quarantined"):
        return Answer(Fate.REFUSED, receipt, _reasons(said) or (_plain(status, body),))
    if status == 400 and any(one.code == "incomplete" for one in _reasons(said)):  # cut on the way
        return Answer(Fate.AGAIN, said=Words(gettext_noop("The message was cut on the way.")))
    if status in _NEVER:
        return Answer(Fate.REFUSED, receipt, _reasons(said) or (_plain(status, body),))
    return _not_now(status, headers)


def _not_now(status: int, headers: Mapping[str, str]) -> Answer:
    given = {"status": status}
    if status in _PATIENT:
        said = Words(gettext_noop("The platform is busy or being started (HTTP %(status)s)."), given)
        return Answer(Fate.LINE, wait=_wait(headers), said=said)
    if status in _LINE:
        return Answer(Fate.LINE, said=Words(_LINE[status]))
    if status >= 500:
        return Answer(
            Fate.AGAIN,
            said=Words(gettext_noop("The platform failed on this message (HTTP %(status)s)."), given),
        )
    said = Words(
        gettext_noop(
            "Something else than the platform answers at its address (HTTP %(status)s, no receipt)."
        ),
        given,
    )
    return Answer(Fate.LINE, said=said)


def _object(body: bytes) -> dict[str, Any]:
    try:
        said = json.loads(body)
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def _reasons(said: dict[str, Any]) -> tuple[Told, ...]:
    """``reasons`` of our own answer, or the issues of an OperationOutcome."""
    found = said.get("reasons")
    if isinstance(found, list):
        return tuple(
            Told(*(str(one.get(name, "")) for name in ("severity", "code", "place", "text")))
            for one in found if isinstance(one, dict)
        )  # fmt: skip
    issues = said.get("issue")
    if not isinstance(issues, list):
        return ()
    return tuple(
        Told(
            str(one.get("severity", "error")),
            str(one.get("code", "")),
            " ".join(map(str, one.get("expression", ()))),
            str(one.get("diagnostics") or (one.get("details") or {}).get("text", "")),
        )
        for one in issues if isinstance(one, dict)
    )  # fmt: skip


def _plain(status: int, body: bytes) -> Told:
    words = _NEVER.get(status, "The platform cannot use the message.")
    return Told(
        "error", "processing", "", f"{words} (HTTP {status}) {body[:300].decode('utf-8', 'replace')}".strip()
    )


def _wait(headers: Mapping[str, str]) -> float:
    asked = next((value for name, value in headers.items() if name.lower() == "retry-after"), "")
    return min(float(asked), LONGEST_WAIT) if asked.isdecimal() else 0.0


def pause(failures: int, *, asked: float = 0.0, chance: float | None = None) -> float:
    """Seconds to wait after so many failures in a row: doubled each time, to five minutes, and of that a random part.

    The random part keeps the front machines of a region from coming all at once when the line is back.
    """
    whole = min(LONGEST_WAIT, 2.0 ** min(failures, 10) / 2)
    part = random.random() if chance is None else chance  # noqa: S311 -- only spreads load
    return max(asked, whole * (0.5 + part / 2))

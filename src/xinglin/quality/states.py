"""The way of a problem from being found to being closed: a table of states and of who may take which step. Pure.

``STEPS`` is the table: from a state, by a verb, to a state. What the machine does (``recheck``) nobody else may.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from django.utils.translation import gettext_noop

from xinglin.kernel.errors import conflict

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from xinglin.quality.rules import Severity


class State(StrEnum):
    NEW = "new"  # 新建: on the problem list
    ISSUED = "issued"  # 下发: a task with owner and deadline
    WORKING = "working"  # 整改中: the owner has begun
    DECLARED = "declared"  # 待复核: fixed, says the owner
    WATCHED = "watched"  # 回头看: fixed, says the machine; looked at again later
    CLOSED = "closed"  # 关闭
    DISMISSED = "dismissed"  # 不予整改


class Verb(StrEnum):
    ISSUE = "issue"
    BEGIN = "begin"
    DECLARE = "declare"
    RECHECK = "recheck"  # by the machine: nothing fails any more
    RELAPSE = "relapse"  # by the machine or by who looks back: it fails still, or again
    CLOSE = "close"
    DISMISS = "dismiss"
    REOPEN = "reopen"
    NOTE = "note"  # says something, changes nothing


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the table; ``right`` is that of ``scoring.Rights``, ``machine`` where only the platform does it."""

    source: State
    verb: Verb
    target: State
    right: str
    wants_words: bool = False


STEPS: tuple[Step, ...] = (
    Step(State.NEW, Verb.ISSUE, State.ISSUED, "issuing"),
    Step(State.NEW, Verb.DISMISS, State.DISMISSED, "issuing", wants_words=True),
    Step(State.NEW, Verb.RECHECK, State.CLOSED, "machine"),
    Step(State.ISSUED, Verb.BEGIN, State.WORKING, "fixing"),
    Step(State.ISSUED, Verb.DECLARE, State.DECLARED, "fixing", wants_words=True),
    Step(State.ISSUED, Verb.RECHECK, State.WATCHED, "machine"),
    Step(State.ISSUED, Verb.DISMISS, State.DISMISSED, "issuing", wants_words=True),
    Step(State.WORKING, Verb.DECLARE, State.DECLARED, "fixing", wants_words=True),
    Step(State.WORKING, Verb.RECHECK, State.WATCHED, "machine"),
    Step(State.WORKING, Verb.DISMISS, State.DISMISSED, "issuing", wants_words=True),
    Step(State.DECLARED, Verb.RECHECK, State.WATCHED, "machine"),
    Step(State.DECLARED, Verb.RELAPSE, State.WORKING, "machine"),
    Step(State.WATCHED, Verb.CLOSE, State.CLOSED, "issuing", wants_words=True),
    Step(State.WATCHED, Verb.RELAPSE, State.WORKING, "issuing", wants_words=True),
    Step(State.DISMISSED, Verb.REOPEN, State.NEW, "issuing", wants_words=True),
)
_TABLE: Mapping[tuple[State, Verb], Step] = {(step.source, step.verb): step for step in STEPS}

OPEN = (State.NEW, State.ISSUED, State.WORKING, State.DECLARED, State.WATCHED)
TASKS = (State.ISSUED, State.WORKING, State.DECLARED)
"""States in which somebody has to do something by a day."""


def step(state: State, verb: Verb) -> Step:
    """The line of the table; raises ``conflict`` where there is none."""
    found = _TABLE.get((state, verb))
    if found is None:
        raise conflict(
            gettext_noop("A problem that is %(state)s cannot take the step %(verb)s."), state=state, verb=verb
        )
    return found


def open_to(state: State) -> list[Step]:
    """The steps that people may take from a state."""
    return [one for one in STEPS if one.source is state and one.right != "machine"]


def due(severity: Severity, numbers: Mapping[str, int], today: date) -> date:
    """When a task of that severity is due."""
    return today + timedelta(days=numbers[f"days_{severity}"])

"""What a run of senders needs to begin with and to go on: the keys, the plan of the region, the course.

The keys stand in a file that only its owner reads. The course is written beside the log when a run begins, so that the
next one goes on where it was ended.
"""

from __future__ import annotations

import os
from dataclasses import asdict
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import orjson

from xinglin.synth.plan import Plan
from xinglin.synth.sending.courses import Course

if TYPE_CHECKING:
    from pathlib import Path

_COURSE = "course.json"


def keep_keys(path: Path, keys: dict[str, str], plan: Plan) -> None:
    """Write the senders' keys, and of which region they are."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_suffix(".new")
    new.unlink(missing_ok=True)
    told = {"plan": {**asdict(plan), "until": plan.until.isoformat()}, "keys": keys}
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(orjson.dumps(told, option=orjson.OPT_INDENT_2))
    new.replace(path)


def keys(path: Path) -> tuple[dict[str, str], Plan]:
    """The keys and the plan; no keys where there is no file yet."""
    if not path.exists():
        return {}, Plan()
    told: dict[str, Any] = orjson.loads(path.read_bytes())
    plan = told["plan"]
    return told["keys"], Plan(**{**plan, "until": date.fromisoformat(plan["until"])})


def course(folder: Path, wanted: Course) -> Course:
    """The course of this log: the one of the run before, else the one that is wanted, which is written down."""
    path = folder / _COURSE
    if path.exists():
        told = orjson.loads(path.read_bytes())
        return Course(**{**told, "start": datetime.fromisoformat(told["start"])})
    folder.mkdir(parents=True, exist_ok=True)
    path.write_bytes(orjson.dumps({**asdict(wanted), "start": wanted.start.isoformat()}))
    return wanted

"""Which rules are in force: those that are shipped, overlaid by what was changed, added or withdrawn here.

Each change is a version that stays; taking back is a new version with an older content.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_noop
from psycopg.types.json import Jsonb

from xinglin.kernel.errors import not_found
from xinglin.quality import rules

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from xinglin.kernel.actor import Actor
    from xinglin.quality.rules import Rule
    from xinglin.record.database import Connection

_SHIPPED = Path(__file__).parent / "data" / "rules-1.toml"
FORCE, DRAFT, WITHDRAWN = "force", "draft", "withdrawn"


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a rule. Version 0 is what is shipped."""

    rule: Rule
    state: str
    moment: datetime | None
    name: str
    words: str

    @property
    def number(self) -> int:
        return self.rule.version


@cache
def shipped() -> Mapping[str, Rule]:
    return {rule.id: rule for rule in rules.read_toml(_SHIPPED.read_text(encoding="utf-8"))}


def in_force(connection: Connection) -> dict[str, Rule]:
    """The rules that hold now, by id, in the order of their ids."""
    found: dict[str, Rule] = dict(shipped())
    for id_, version, state, body in connection.execute(
        "SELECT DISTINCT ON (id) id, version, state, body FROM quality_rule WHERE state <> 'draft'"
        " ORDER BY id, version DESC"
    ):
        if state == WITHDRAWN:
            found.pop(id_, None)
        else:
            found[id_] = rules.read_one(body, version=version)
    return dict(sorted(found.items()))


def known(connection: Connection) -> dict[str, Rule]:
    """Those in force and those withdrawn: what findings and problems may still be called by."""
    found = dict(shipped())
    for version, body in connection.execute(
        "SELECT DISTINCT ON (id) version, body FROM quality_rule WHERE state <> 'draft' ORDER BY id, version DESC"
    ):
        rule = rules.read_one(body, version=version)
        found[rule.id] = rule
    return found


def versions(connection: Connection, id_: str) -> list[Version]:
    """All versions of a rule, the latest first; raises ``not_found``."""
    rows = connection.execute(
        "SELECT version, state, body, moment, name, words FROM quality_rule WHERE id = %s ORDER BY version DESC",
        [id_],
    ).fetchall()
    found = [
        Version(rules.read_one(body, version=version), state, moment, name, words)
        for version, state, body, moment, name, words in rows
    ]
    if id_ in shipped():
        found.append(Version(shipped()[id_], FORCE, None, "Xinglin", ""))
    if not found:
        raise not_found(gettext_noop("There is no rule %(id)s."), id=id_)
    return found


def write(
    connection: Connection, *, rule: Rule, state: str, actor: Actor, now: datetime, words: str = ""
) -> int:
    """Put down a new version; tell its number."""
    row = connection.execute(
        "INSERT INTO quality_rule (id, version, state, body, moment, actor, name, words)"
        " SELECT %(id)s, 1 + coalesce(max(version), 0), %(state)s, %(body)s, %(now)s, %(actor)s, %(name)s, %(words)s"
        " FROM quality_rule WHERE id = %(id)s RETURNING version",
        {
            "id": rule.id, "state": state, "body": Jsonb(rule.as_data()), "now": now, "actor": actor.id,
            "name": actor.name, "words": words,
        },
    ).fetchone()  # fmt: skip
    assert row is not None
    return int(row[0])


def load(
    connection: Connection, found: Iterable[Rule], *, actor: Actor, now: datetime, replace: bool, words: str
) -> dict[str, int]:
    """Put a set of rules in force; with ``replace`` those that are not in it are withdrawn. What was done, by kind."""
    held = in_force(connection)
    done = {"added": 0, "changed": 0, "same": 0, "withdrawn": 0}
    wanted: dict[str, Any] = {}
    for rule in found:
        wanted[rule.id] = rule
        old = held.get(rule.id)
        if old is not None and old.as_data() == rule.as_data():
            done["same"] += 1
            continue
        done["added" if old is None else "changed"] += 1
        write(connection, rule=rule, state=FORCE, actor=actor, now=now, words=words)
    for id_, rule in held.items():
        if replace and id_ not in wanted:
            write(connection, rule=rule, state=WITHDRAWN, actor=actor, now=now, words=words)
            done["withdrawn"] += 1
    return done

"""What a doctor begins with: texts of a record, and prescriptions of a kind (协定方), for three scopes."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_noop

from xinglin.clinic import reference, rules
from xinglin.clinic.actions.numbering import next_id
from xinglin.clinic.rules import HERB, PATENT
from xinglin.clinic.values import Template, sealed
from xinglin.kernel.errors import invalid, not_found

if TYPE_CHECKING:
    from collections.abc import Mapping

    from xinglin.clinic.asking import Written
    from xinglin.kernel.actor import Actor
    from xinglin.record.database import Connection

SCOPES = ("own", "department", "institution")
RECORD = "record"


def _owners(actor: Actor) -> dict[str, str]:
    """Whose each scope is; a department only for who works in one."""
    owners = {"own": actor.id, "department": actor.department or "", "institution": ""}
    return {scope: owner for scope, owner in owners.items() if owner or scope == "institution"}


def keep_texts(
    connection: Connection, *, scope: str, name: str, texts: Mapping[str, str], actor: Actor
) -> None:
    """Keep texts of a record to begin with; what has the name already is written over."""
    said = {key: text for key, text in texts.items() if key in reference.parts() and text.strip()}
    _keep(connection, RECORD, scope, name, said, actor)


def keep_formula(
    connection: Connection, *, scope: str, name: str, written: Written, usage: str, actor: Actor
) -> None:
    """Keep a prescription to begin with; raises ``invalid`` without lines."""
    if not written.lines:
        raise invalid(gettext_noop("There is nothing to keep yet."))
    said = {"lines": [asdict(line) for line in written.lines], "usage": usage}
    _keep(connection, written.kind, scope, name, said, actor)


def _keep(
    connection: Connection, kind: str, scope: str, name: str, said: dict[str, Any], actor: Actor
) -> None:
    institution = rules.require(actor, "treating")
    owner = _owners(actor).get(scope)
    if owner is None or not name.strip():
        raise invalid(gettext_noop("A template needs a name, and whom it is for."))
    connection.execute(
        "INSERT INTO clinic_template (institution, id, kind, scope, owner, name, body)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s)"
        " ON CONFLICT (institution, kind, scope, owner, name) DO UPDATE SET body = EXCLUDED.body",
        [
            institution, next_id(), kind, scope, owner, name.strip()[:60],
            sealed(said),
        ],
    )  # fmt: skip


def forget(connection: Connection, *, template: int, actor: Actor) -> Template:
    """Take a template away that the actor may begin with; gives it. Raises ``not_found``."""
    held = next((one for one in kept(connection, actor=actor) if one.id == template), None)
    if held is None:
        raise not_found(gettext_noop("There is no such template."))
    connection.execute(
        "DELETE FROM clinic_template WHERE institution = %s AND id = %s", [actor.institution, template]
    )
    return held


def kept(
    connection: Connection, kinds: tuple[str, ...] = (RECORD, HERB, PATENT), *, actor: Actor
) -> list[Template]:
    """The templates that an actor may begin with, their own first."""
    institution = rules.require(actor, "treating")
    owners = _owners(actor)
    found = connection.execute(
        "SELECT id, kind, scope, name, body FROM clinic_template WHERE institution = %s AND kind = ANY(%s)"
        " AND (scope, owner) IN (SELECT unnest(%s::text[]), unnest(%s::text[]))"
        " ORDER BY array_position(%s::text[], scope), name",
        [institution, list(kinds), list(owners), list(owners.values()), list(SCOPES)],
    )
    return [Template(*row) for row in found]

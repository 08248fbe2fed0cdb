"""What is done with versions: made, written, tested by their samples, put in force, retired.

Everything happens in the caller's transaction and leaves an event that says who did it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext_noop

from xinglin.exchange.mapping import benches, holding, language, queries, rules
from xinglin.exchange.mapping.rules import State
from xinglin.kernel.errors import Fault, conflict, invalid
from xinglin.record import sealing

if TYPE_CHECKING:
    from datetime import datetime

    from xinglin.exchange.doors import Sender
    from xinglin.exchange.mapping.queries import Sample, Version
    from xinglin.kernel.actor import Actor
    from xinglin.record.database import Connection

MADE, WRITTEN, SAMPLED, DROPPED, TESTED, TAKEN, RETIRED, DELETED = (
    "made", "written", "sample added", "sample dropped", "tested", "put in force", "retired", "deleted",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Doer:
    """Who does it, and when."""

    actor: Actor
    now: datetime


def make(*, connection: Connection, owner: str, text: str, base: str, by: Doer) -> Version:
    """A new draft for an owner, of a text that says of which mapping it is a version."""
    said = language.about(text)
    benches.bench(said.door)
    if not said.kinds:
        raise invalid(
            gettext_noop(
                "This mapping is only used by others. Make a version of one that has kinds of messages."
            )
        )
    connection.execute(
        "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"mapping/{owner}/{said.id}"]
    )
    row = connection.execute(
        "INSERT INTO exchange_mapping_version (owner, door, mapping, kinds, number, body, base, made, maker, changed)"
        " SELECT %s, %s, %s, %s, coalesce(max(number), 0) + 1, %s, %s, %s, %s, %s FROM exchange_mapping_version"
        " WHERE owner = %s AND mapping = %s RETURNING id",
        [
            owner,
            said.door,
            said.id,
            list(said.kinds),
            text,
            base,
            by.now,
            by.actor.id,
            by.now,
            owner,
            said.id,
        ],
    ).fetchone()
    assert row is not None
    made = queries.version(connection, row[0])
    _note(connection, made, MADE, by, base)
    return made


def write(*, connection: Connection, id_: int, text: str, edits: int, by: Doer) -> Version:
    """Change a draft's text; ``edits`` is the number that the writer saw. What was tested is a draft again.

    A text that cannot be read may be kept all the same: it cannot be tested.
    """
    version = queries.version(connection, id_, lock=True)
    rules.require_editable(version.state)
    if version.edits != edits:
        raise conflict(gettext_noop("Somebody else has changed this version in the meantime. Load it again."))
    kinds, mapping = _kinds_of(version, text)
    if text == version.body:
        return version
    connection.execute(
        "UPDATE exchange_mapping_version SET body = %s, kinds = %s, changed = %s, edits = edits + 1, state = 'draft'"
        " WHERE id = %s",
        [text, kinds, by.now, id_],
    )
    connection.execute("DELETE FROM exchange_mapping_trial WHERE version = %s", [id_])
    written = queries.version(connection, id_)
    _note(connection, written, WRITTEN, by, mapping)
    return written


def _kinds_of(version: Version, text: str) -> tuple[list[str], str]:
    """The kinds that a text is for; as before where it cannot be read yet."""
    try:
        said = benches.require_door(text, version.door)
    except Fault:
        return list(version.kinds), ""
    if said.id != version.mapping:
        raise invalid(
            gettext_noop("The id of the mapping stays %(id)s; make a new version for another."),
            id=version.mapping,
        )
    return list(said.kinds) or list(version.kinds), ""


def add_sample(
    *, connection: Connection, version: Version, title: str, message: bytes, expected: str, by: Doer
) -> None:
    """Keep a message with what has to come of it. Versions that were tested without it are drafts again."""
    if not title.strip():
        raise invalid(gettext_noop("Give the sample a title."), expression="title")
    if not message.strip():
        raise invalid(gettext_noop("The sample has no message."), expression="message")
    connection.execute(
        "INSERT INTO exchange_mapping_sample (owner, mapping, title, media, kind, message, expected, made, maker)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)"
        " ON CONFLICT (owner, mapping, title) DO UPDATE SET message = EXCLUDED.message,"
        " expected = EXCLUDED.expected, made = EXCLUDED.made, maker = EXCLUDED.maker",
        [
            version.owner, version.mapping, title.strip()[:200], benches.bench(version.door).media, version.kind,
            sealing.seal(message), sealing.seal(expected.encode()), by.now, by.actor.id,
        ],
    )  # fmt: skip
    _untest(connection, version)
    _note(connection, version, SAMPLED, by, title.strip()[:200])


def drop_sample(*, connection: Connection, version: Version, sample: int, by: Doer) -> None:
    """Test by a sample no more."""
    row = connection.execute(
        "DELETE FROM exchange_mapping_sample WHERE id = %s AND owner = %s AND mapping = %s RETURNING title",
        [sample, version.owner, version.mapping],
    ).fetchone()
    if row is None:
        return
    _untest(connection, version)
    _note(connection, version, DROPPED, by, row[0])


def _untest(connection: Connection, version: Version) -> None:
    connection.execute(
        "UPDATE exchange_mapping_version SET state = 'draft' WHERE owner = %s AND mapping = %s AND state = 'tested'",
        [version.owner, version.mapping],
    )


def test(*, connection: Connection, id_: int, sender: Sender, by: Doer) -> bool:
    """Run a version over all its samples; it is tested if there is one at least and all are passed."""
    version = queries.version(connection, id_, lock=True)
    rules.require_editable(version.state)
    passed = _tried(connection, version, sender, by)
    state = State.TESTED if passed else State.DRAFT
    connection.execute("UPDATE exchange_mapping_version SET state = %s WHERE id = %s", [state, id_])
    _note(connection, version, TESTED, by, "passed" if passed else "failed")
    return passed


def _tried(connection: Connection, version: Version, sender: Sender, by: Doer) -> bool:
    samples = queries.samples(connection, version)
    if not samples:
        raise conflict(
            gettext_noop("There is no sample yet. Try a message, and keep what comes of it as expected.")
        )
    results = [(sample, outcome(version, sample, sender)) for sample in samples]
    for sample, said in results:
        connection.execute(
            "INSERT INTO exchange_mapping_trial (version, sample, passed, said, moment) VALUES (%s, %s, %s, %s, %s)"
            " ON CONFLICT (version, sample) DO UPDATE SET passed = EXCLUDED.passed, said = EXCLUDED.said,"
            " moment = EXCLUDED.moment",
            [version.id, sample.id, not said, sealing.seal(said.encode()) if said else b"", by.now],
        )
    return not any(said for _, said in results)


def outcome(version: Version, sample: Sample, sender: Sender) -> str:
    """How what comes of a sample differs from what is expected; empty if it does not."""
    bench = benches.bench(version.door)
    try:
        mapping = bench.read(version.body, sample.kind)
        made = bench.translate(mapping, sample.message, sample.media, sender, sample.kind)
    except Fault as fault:
        return "\n".join(f"{issue.expression or ''} {issue.text}".strip() for issue in fault.issues)
    return rules.difference(sample.expected, rules.as_text(rules.as_value(made)))


def put_in_force(*, connection: Connection, id_: int, sender: Sender, by: Doer) -> Version:
    """Let a version take effect; the one before is retired. It is tested once more, and refused if it fails."""
    version = queries.version(connection, id_, lock=True)
    rules.require_step(version.state, State.IN_FORCE)
    if not _tried(connection, version, sender, by):
        raise conflict(
            gettext_noop("The version fails its samples and cannot take effect. Nothing was changed.")
        )
    others = connection.execute(
        "SELECT mapping FROM exchange_mapping_version WHERE owner = %s AND door = %s AND state = 'in force'"
        " AND mapping <> %s AND kinds && %s",
        [version.owner, version.door, version.mapping, list(version.kinds)],
    ).fetchone()
    if others is not None:
        raise conflict(
            gettext_noop("The mapping %(other)s is in force for the same kind of messages. Retire it first."),
            other=others[0],
        )
    connection.execute(
        "UPDATE exchange_mapping_version SET state = 'retired', until = %s"
        " WHERE owner = %s AND mapping = %s AND state = 'in force'",
        [by.now, version.owner, version.mapping],
    )
    connection.execute(
        "UPDATE exchange_mapping_version SET state = 'in force', since = %s WHERE id = %s", [by.now, id_]
    )
    _note(connection, version, TAKEN, by)
    holding.forget()
    return queries.version(connection, id_)


def retire(*, connection: Connection, id_: int, by: Doer) -> Version:
    """Take a version out of force: the shipped mapping holds again."""
    version = queries.version(connection, id_, lock=True)
    rules.require_step(version.state, State.RETIRED)
    connection.execute(
        "UPDATE exchange_mapping_version SET state = 'retired', until = %s WHERE id = %s", [by.now, id_]
    )
    _note(connection, version, RETIRED, by)
    holding.forget()
    return queries.version(connection, id_)


def delete(*, connection: Connection, id_: int, by: Doer) -> None:
    """Drop a draft that is not wanted."""
    version = queries.version(connection, id_, lock=True)
    rules.require_editable(version.state)
    connection.execute("DELETE FROM exchange_mapping_version WHERE id = %s", [id_])
    _note(connection, version, DELETED, by)


def _note(connection: Connection, version: Version, what: str, by: Doer, note: str = "") -> None:
    connection.execute(
        "INSERT INTO exchange_mapping_event (owner, mapping, number, moment, what, actor, note)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s)",
        [version.owner, version.mapping, version.number, by.now, what, by.actor.id, note],
    )

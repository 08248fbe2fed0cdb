"""Loads the content that comes with the platform; what people have changed here stays as they left it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import connection, transaction

from xinglin.tcm.knowledge import shipped
from xinglin.tcm.knowledge.models import Entry, Name, Release, Source
from xinglin.terminology import spelling

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from django.db.backends.utils import CursorWrapper

_LONGEST_SPELT = 400


@dataclass(frozen=True, slots=True)
class Loaded:
    """What loading did; all zero where nothing was new."""

    terms: int = 0
    added: int = 0
    retired: int = 0


def load(*, now: datetime, again: bool = False) -> Loaded:
    """Bring the tables up to the shipped content, once for each release of it.

    A shipped fact that is no longer shipped ends, unless a change made here is its latest version; one that was
    changed here keeps that version.
    """
    if not again and Release.objects.filter(digest=shipped.digest()).exists():
        return Loaded()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('tcm knowledge'))")
        if not again and Release.objects.filter(digest=shipped.digest()).exists():
            return Loaded()
        _load_sources()
        terms = _load_terms(cursor)
        added, retired = _load_facts(cursor, now)
        _load_peoples()
        rename(None)
        Release.objects.update_or_create(
            digest=shipped.digest(), defaults={"version": shipped.version(), "loaded": now}
        )
    return Loaded(terms, added, retired)


def _load_sources() -> None:
    for row in shipped.sources():
        about = {name: value for name, value in row.items() if name != "id"} | {"origin": "content"}
        Source.objects.update_or_create(id=row["id"], defaults=about)


def _stage(
    cursor: CursorWrapper, table: str, columns: tuple[str, ...], rows: Iterable[Iterable[str]]
) -> None:
    cursor.execute(f"CREATE TEMP TABLE {table} ({', '.join(f'{c} text' for c in columns)}) ON COMMIT DROP")
    with cursor.copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(tuple(row))
    cursor.execute(f"ANALYZE {table}")


def _load_terms(cursor: CursorWrapper) -> int:
    columns = ("id", "kind", "name", "english", "pinyin")
    _stage(cursor, "shipped_term", columns, shipped.terms())
    cursor.execute(
        "INSERT INTO knowledge_term (id, kind, name, english, pinyin, retired)"
        " SELECT id, kind, name, english, pinyin, false FROM shipped_term"
        " ON CONFLICT (id) DO UPDATE SET kind = excluded.kind, name = excluded.name, english = excluded.english,"
        " pinyin = excluded.pinyin, retired = false"
    )
    return int(cursor.rowcount)


def _load_facts(cursor: CursorWrapper, now: datetime) -> tuple[int, int]:
    columns = (
        "line", "term", "predicate", "object", "value", "data", "source", "locator", "basis", "confidence", "state"
    )  # fmt: skip
    _stage(
        cursor,
        "shipped_fact",
        columns,
        (tuple(getattr(fact, c) for c in columns) for fact in shipped.facts()),
    )
    cursor.execute(
        "UPDATE knowledge_fact f SET current = false WHERE current AND change_id IS NULL"
        " AND NOT EXISTS (SELECT FROM shipped_fact s WHERE s.line = f.line)"
    )
    retired = int(cursor.rowcount)
    cursor.execute(
        "INSERT INTO knowledge_fact (line, version, current, term_id, predicate, object_id, value, data, source_id,"
        " locator, basis, confidence, state, since)"
        " SELECT line, 1, true, term, predicate, nullif(object, ''), value,"
        " coalesce(nullif(data, '')::jsonb, '{}'), source, locator, basis, confidence, state, %s FROM shipped_fact s"
        " WHERE NOT EXISTS (SELECT FROM knowledge_fact f WHERE f.line = s.line)",
        [now],
    )
    added = int(cursor.rowcount)
    cursor.execute(
        "UPDATE knowledge_fact f SET locator = s.locator, basis = s.basis, confidence = s.confidence"
        " FROM shipped_fact s WHERE f.line = s.line AND f.version = 1 AND f.change_id IS NULL"
        " AND (f.locator, f.basis, f.confidence) <> (s.locator, s.basis, s.confidence)"
    )
    cursor.execute(
        "UPDATE knowledge_fact f SET current = true FROM shipped_fact s WHERE f.line = s.line AND NOT f.current"
        " AND f.change_id IS NULL AND NOT EXISTS (SELECT FROM knowledge_fact g WHERE g.line = f.line AND g.version > 1)"
    )
    cursor.execute(
        "UPDATE knowledge_term t SET retired = NOT EXISTS"
        " (SELECT FROM knowledge_fact f WHERE f.term_id = t.id AND f.predicate = 'name' AND f.current)"
    )
    cursor.execute("ANALYZE knowledge_fact")
    return added, retired


def _load_peoples() -> None:
    """Entries that are new; those that are here keep what people have found out of them."""
    Entry.objects.bulk_create([Entry(**row) for row in shipped.peoples()], ignore_conflicts=True)


# -- names


def rename(term: str | None) -> None:
    """Make the names of a term, or of all, from the facts that name it."""
    condition, params = ("AND f.term_id = %s", [term]) if term else ("", [])
    Name.objects.filter(**({"term_id": term} if term else {})).delete()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT f.term_id, f.value, f.predicate, t.name, t.pinyin FROM knowledge_fact f"
            " JOIN knowledge_term t ON t.id = f.term_id"
            f" WHERE f.current AND f.predicate = ANY(%s) AND NOT t.retired {condition}",
            [list(shipped.NAMING), *params],
        )
        rows = list(_names(cursor.fetchall()))
        columns = "term_id, text, initials, spelt, alias, unclear"
        with cursor.copy(f"COPY knowledge_name ({columns}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
        cursor.execute("ANALYZE knowledge_name")


def _names(rows: list[tuple[str, ...]]) -> Iterator[tuple[object, ...]]:
    for term, text, predicate, name, pinyin in rows:
        alias, unclear = shipped.NAMING[predicate]
        spelt = pinyin if text == name else spelling_of(text)
        yield term, text, initials_of(spelt)[:60], spelt[:_LONGEST_SPELT], alias, unclear


def spelling_of(name: str) -> str:
    """The syllables of a name: 白芍 → ``bai shao``; empty for one without Chinese characters."""
    return next((key.spelt for key in spelling.term_keys("", name) if key.text and key.spelt), None) or ""


def initials_of(spelt: str) -> str:
    """``bai shao`` → ``bs``."""
    return "".join(syllable[0] for syllable in spelt.split())

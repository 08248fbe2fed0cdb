"""A small standard, a book of an institution's tests, and people who map them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from tests.terminology import make
from xinglin.codebook.mapping import actions, queries, targets
from xinglin.codebook.mapping.actions import Plan
from xinglin.codebook.mapping.reading import Local
from xinglin.kernel.actor import Actor
from xinglin.terminology import shipped

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xinglin.codebook.mapping.queries import Book, Line
    from xinglin.terminology.values import Connection

LOINC = "http://loinc.org"
LOCAL = "urn:test:hospital:lab"
NOW = datetime(2026, 11, 25, 8, 0, tzinfo=UTC)
TODAY = NOW.date()
STEWARD = Actor(id="account/1", name="陆文清", roles=frozenset({"steward"}))
SECOND = Actor(id="account/2", name="韦建平", roles=frozenset({"administrator"}))
DOCTOR = Actor(id="account/3", name="黄志远", roles=frozenset({"doctor"}))
LINES = (
    Local("L001", "谷丙转氨酶测定", "U/L", 900),
    Local("L002", "白细胞总数WBC", "10^9/L", 800),
    Local("L003", "血清肌酐(酶法)", "umol/L", 700),
    Local("L004", "院内质控样本", "", 5),
)


def standard(connection: Connection) -> None:
    """LOINC's common tests and the units, as they are shipped."""
    for file in shipped.files():
        if file.origin in ("content:codesystems/loinc", "content:codesystems/ucum-common"):
            make.keep(connection, shipped.read(file))


def book(connection: Connection, *, source: str = LOCAL, lines: Sequence[Local] = LINES, **more: Any) -> Book:
    """A book whose lines are ranked."""
    plan = Plan(more.get("title", "市人民医院 · 检验"), "市人民医院", "test", source, LOINC)
    made = actions.make_book(connection=connection, plan=plan, lines=lines, actor=STEWARD, now=NOW)
    rank(connection, made)
    return made


def rank(connection: Connection, made: Book) -> None:
    actions.rank(connection=connection, book=made, target=targets.target(connection, LOINC, TODAY))


def line(connection: Connection, made: Book, code: str) -> Line:
    return next(one for one in queries.every_line(connection, made.id) if one.code == code)


def empty(connection: Connection) -> None:
    connection.execute("TRUNCATE mapping_book, mapping_line, mapping_event RESTART IDENTITY")

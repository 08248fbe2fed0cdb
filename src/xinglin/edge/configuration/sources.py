"""Reading one ``[[source]]``."""

from __future__ import annotations

import codecs
import re
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from xinglin.edge.configuration.values import (
    DOORS,
    MEDIA,
    After,
    CountPart,
    DatabaseSource,
    FolderSource,
    Form,
    RelaySource,
)
from xinglin.edge.schedule import Schedule

if TYPE_CHECKING:
    from pathlib import Path

    from xinglin.edge.configuration.tables import Table
    from xinglin.edge.configuration.values import Source

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}")
_FORMS = {"table": Form.CSV, "hl7v2": Form.HL7}
_SINCE = re.compile(r"(?<![:\w]):since\b")
_DAY = re.compile(r"(?<![:\w]):day\b")
_GROUP = re.compile(r"(?<![:\w]):group(_\d+)?\b")
_ORDER = re.compile(r"\border\s+by\b", re.IGNORECASE)


def read(table: Table, base: Path) -> Source | None:
    """The source in a table; None where not even its kind is known."""
    kind = table.choice("kind", ("database", "folder", "relay"))
    name = table.text("name")
    if name and not _NAME.fullmatch(name):
        table.complain(f"`name` should be letters, digits, - and _; it is {name!r}.", "name")
    if kind == "database":
        return _database(table, base, _shared(table, base, name, "table", table.schedule()))
    if kind == "folder":
        return _folder(table, base, _shared(table, base, name, "", table.schedule(5.0)))
    if kind == "relay":
        return _relay(table, _shared(table, base, name, "hl7v2", Schedule(1.0)))
    table.any("name")
    return None


def _shared(table: Table, base: Path, name: str, door: str, schedule: Schedule) -> dict[str, Any]:
    door = table.choice("door", DOORS, door or None)
    charset = table.text("charset", "")
    if charset and not _is_charset(charset):
        table.complain(
            f'`charset` should be an encoding such as "utf-8" or "gbk"; it is {charset!r}.', "charset"
        )
    mapping = table.path("mapping", base, needed=False)
    if mapping is not None and not mapping.is_file():
        table.complain(f"`mapping` should name a file; there is none at {mapping}.", "mapping")
    if mapping is not None and door and door != "table":
        table.complain(
            f'`mapping` maps rows of tables: door = "table"; messages of {door!r} go as they are.', "mapping"
        )
    return {
        "name": name, "door": door, "media": table.text("media", MEDIA.get(door, "")), "mapping": mapping,
        "schedule": schedule, "charset": charset, "line": table.line,
    }  # fmt: skip


def _is_charset(name: str) -> bool:
    try:
        codecs.lookup(name)
    except LookupError:
        return False
    return True


def _database(table: Table, base: Path, shared: dict[str, Any]) -> DatabaseSource:
    counting = table.table("count")
    made = DatabaseSource(
        **shared,
        driver=table.text("driver", "sqlite3"),
        connect=table.mapping("connect"),
        password_file=table.path("password_file", base, needed=False),
        query=table.text("query"),
        watermark=table.text("watermark", ""),
        start=table.any("start"),
        overlap=table.seconds("overlap", _overlap(table.any("start"))),
        key=table.columns("key"),
        group=table.columns("group"),
        whole=table.text("whole", ""),
        patient=table.text("patient", ""),
        day=table.text("day", ""),
        body=table.text("body", ""),
        rows=table.number("rows", 500, least=1, most=100_000),
        count=_count(counting) if counting else None,
    )
    _require_changes(table, made)
    _require_whole(table, made)
    if made.door != "table" and not made.body:
        table.complain(
            f'Rows go through the door "table". For {made.door!r}, `body` names the column that holds the message.',
            "door",
        )
    if made.body and (made.group or made.whole):
        table.complain("With `body` each row is one message: `group` and `whole` have no meaning.", "body")
    if made.password_file is not None and not made.password_file.is_file():
        table.complain(
            f"`password_file` should name a file; there is none at {made.password_file}.", "password_file"
        )
    if "password" in made.connect:
        table.complain("The password should stand in a file of its own, named by `password_file`.", "connect")
    return made


def _overlap(start: Any) -> float:
    """How far back rows may still appear that were committed late: five minutes, or a thousand numbers."""
    if isinstance(start, date) or (isinstance(start, str) and _is_moment(start)):
        return 300.0
    return 1000.0 if isinstance(start, int | float) and not isinstance(start, bool) else 0.0


def _require_changes(table: Table, made: DatabaseSource) -> None:
    """One of the two ways to know what has changed, and what it needs."""
    if made.watermark and made.key:
        table.complain("Either `watermark` or `key` says what has changed; not both.", "key")
    if not made.watermark and not made.key:
        table.complain(
            'A database needs `watermark = "updated_at"` (a column that only grows) or `key = ["id"]` (rows are'
            " compared with what was sent before)."
        )
    if made.key and _SINCE.search(made.query):
        table.complain("`query` has :since, which goes with `watermark`, not with `key`.", "query")
    if not made.watermark:
        return
    if not _SINCE.search(made.query):
        table.complain(
            f"`query` should ask from the watermark on: … WHERE {made.watermark} >= :since ORDER BY {made.watermark}",
            "query",
        )
    if not _ORDER.search(made.query):
        table.complain(f"`query` should be in order: … ORDER BY {made.watermark}", "query")
    if not isinstance(made.start, str | int | float | date) or isinstance(made.start, bool):
        table.complain(
            "A watermark needs `start`: from where to read the first time, as the column has it: 2026-01-01T00:00:00, "
            '0 or "2026-01-01 00:00:00".',
            "start",
        )
    elif made.overlap and isinstance(made.start, str) and not _is_moment(made.start):
        table.complain("`overlap` (seconds) needs a watermark that is a time or a number.", "overlap")


def _is_moment(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def _require_whole(table: Table, made: DatabaseSource) -> None:
    if not made.whole:
        return
    if not made.group:
        table.complain(
            '`whole` asks for all rows of a group and needs `group`, such as ["report_no"].', "whole"
        )
    elif len({found.group() for found in _GROUP.finditer(made.whole)}) != len(made.group):
        named = (
            ":group" if len(made.group) == 1 else ", ".join(f":group_{n + 1}" for n in range(len(made.group)))
        )
        table.complain(f"`whole` should ask for one group, by {named}.", "whole")


def _count(table: Table) -> CountPart:
    made = CountPart(table.text("query"), table.schedule(), table.number("days", 3, least=1, most=366))
    if made.query and not _DAY.search(made.query):
        table.complain("`query` should count one day: … WHERE reported_on = :day", "query")
    table.finish()
    return made


def _folder(table: Table, base: Path, shared: dict[str, Any]) -> FolderSource:
    default = _FORMS.get(shared["door"], Form.WHOLE)
    if str(shared["media"]).split(";")[0].strip() not in ("text/csv", "application/hl7-v2"):
        default = Form.WHOLE
    form = table.choice("form", tuple(Form), default.value)
    after = table.choice("after", tuple(After), After.KEEP.value)
    made = FolderSource(
        **shared,
        folder=table.path("folder", base),
        pattern=table.text("pattern", "*"),
        form=Form(form or default),
        after=After(after or After.KEEP),
        done=table.path("done", base, needed=after == After.MOVE),
        settle=table.seconds("settle", 2.0),
        group=table.columns("group"),
        patient=table.text("patient", ""),
        rows=table.number("rows", 500, least=1, most=100_000),
    )
    if made.folder is not None and not made.folder.is_dir():
        table.complain(f"`folder` should name a folder; there is none at {made.folder}.", "folder")
    if made.done and made.folder and made.done == made.folder:
        table.complain("`done` should be another folder than `folder`.", "done")
    if (made.group or made.patient) and made.form is not Form.CSV:
        table.complain('`group` and `patient` name columns of CSV files: form = "csv".', "form")
    return made


def _relay(table: Table, shared: dict[str, Any]) -> RelaySource:
    if shared["door"] != "hl7v2":
        table.complain('A relay speaks MLLP: its door is "hl7v2".', "door")
    return RelaySource(
        **shared,
        host=table.text("host", "127.0.0.1"),
        port=table.number("port", 2575, most=65535),
        wait=table.seconds("wait", 20.0, least=1.0),
    )

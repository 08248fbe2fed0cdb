"""A restore for trial: into a directory that is removed afterwards, with a look at what came of it."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg

from xinglin.config import embedded
from xinglin.config.backup import restoring
from xinglin.fhir import definitions, json
from xinglin.kernel.errors import conflict
from xinglin.record import packing

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from xinglin.config.backup.repository import Repository

_SAMPLE = 2_000


@dataclass(frozen=True, slots=True)
class Found:
    """What a trial found: resources in all, how many of them were read, up to when it reached."""

    until: datetime
    resources: int
    read: int


def hold(repository: Repository, tell: Callable[[str], None]) -> Found:
    """Restore the last state for trial and read in it; raises what keeps it from being good."""
    reach = repository.reach()
    if reach is None:
        raise conflict("The log has not been followed yet: nothing can be restored.")
    missing = repository.gaps()
    if missing:
        raise conflict("Missing from the log: %(names)s. Take a new base.", names=", ".join(missing[:5]))
    home = Path(tempfile.mkdtemp(prefix="xinglin-drill-"))
    try:
        home.chmod(0o755)  # the server's own account must get through to its files
        url = restoring.restore(repository, home, tell=tell)
        with psycopg.connect(url) as connection:
            return Found(reach.until, *_look(connection))
    finally:
        embedded.stop(home)
        shutil.rmtree(home, ignore_errors=True)


def _look(connection: psycopg.Connection[tuple[object, ...]]) -> tuple[int, int]:
    """How many resources there are, and how many were read from among them; all of these have to be whole."""
    row = connection.execute("SELECT count(*) FROM record_resource").fetchone()
    assert row is not None
    sample = connection.execute(
        "SELECT type, id, version, vid, body FROM record_resource ORDER BY self DESC LIMIT %s", [_SAMPLE]
    ).fetchall()
    for type_, id_, version, vid, body in sample:
        name = definitions.type_name(type_)  # type: ignore[arg-type]
        resource = json.parse(packing.text(name, id_, version, vid, body))  # type: ignore[arg-type]
        if resource["id"] != id_:
            raise conflict("%(type)s/%(id)s was not restored whole.", type=name, id=id_)
    return int(row[0]), len(sample)  # type: ignore[call-overload]

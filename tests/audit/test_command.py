"""``xinglin audit``, and what ``xinglin maintain`` and the ledger's keeper do for it."""

from __future__ import annotations

from dataclasses import replace
from io import StringIO
from typing import TYPE_CHECKING, Any

import pytest
from django.core.management import CommandError, call_command

from tests import make as resources
from tests.audit import make
from tests.audit.make import NOW, account, line, reads, write
from xinglin.audit import tasks
from xinglin.ledger import keeping
from xinglin.record import tasks as daily

if TYPE_CHECKING:
    from pathlib import Path

    from xinglin.record.database import Connection


def said(*words: str) -> str:
    out = StringIO()
    call_command("audit", *words, stdout=out)
    return out.getvalue().strip()


def test_what_is_new_is_looked_through(audit: Connection) -> None:
    write(*reads(account("one"), 10, outcome="deny"))

    assert said("find") == "10 lines looked through, 1 new alerts"
    assert said("find") == "0 lines looked through, 0 new alerts"


def test_whose_account_it_is_is_stated_and_forgotten(audit: Connection) -> None:
    make.store(resources.patient(id="p1"))
    one = account("one")

    assert said("know", "audit-one", "p1") == "audit-one: Patient/p1"
    assert audit.execute("SELECT actor, patient FROM audit_own").fetchall() == [(one.id, "p1")]
    with pytest.raises(CommandError, match="There is no Patient/p9"):
        said("know", "audit-one", "p9")
    with pytest.raises(CommandError, match="There is no account"):
        said("know", "nobody-here", "p1")
    said("know", "audit-one", "-")
    assert audit.execute("SELECT count(*) FROM audit_own").fetchone() == (0,)


def test_rules_that_cannot_be_used_are_named(audit: Connection, settings: Any, tmp_path: Path) -> None:
    settings.SETTINGS = replace(settings.SETTINGS, home=tmp_path)
    assert "14 rules" in said("check")
    (tmp_path / "audit").mkdir()
    (tmp_path / "audit" / "abnormal.toml").write_text('[[rule]]\nname = "bulk"\nlevel = "medium"\n')

    with pytest.raises(CommandError, match=r"Rule 'bulk' of audit/abnormal\.toml lacks least"):
        said("check")
    (tmp_path / "audit" / "abnormal.toml").write_text('[[rule]]\nname = "gossip"\n')
    with pytest.raises(CommandError, match="is called 'gossip'"):
        said("check")


def test_the_keeper_and_the_daily_upkeep_look_too(audit: Connection) -> None:
    write(line(account("one"), NOW, patient=5))

    assert (tasks.PAUSE, tasks.look) in keeping._offered
    done = daily.maintain()
    assert done["lines looked through for abnormal use"] == 1
    assert done["lines of the audit whose time was over"] == 0

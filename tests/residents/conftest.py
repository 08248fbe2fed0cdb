"""What the tests of residents share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.healthcard.conftest import forget_cards
from xinglin.accounts.models import Account, Hindrance, Role

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xinglin.record.database import Connection

TABLES = (
    "letter", "opening", "invitation", "share", "intake", "reminder", "evidence", "authority", "registration", "code",
    "kiosk",
)  # fmt: skip


def forget_residents() -> None:
    """Leave no registration and nothing that belongs to one."""
    from xinglin.record import database

    with database.connect() as connection:
        connection.execute("; ".join(f"DELETE FROM residents_{table}" for table in TABLES))
    forget_cards()


@pytest.fixture
def region(db: None, emptied: None) -> Iterator[Connection]:
    """This thread's connection to a region with Wang, her grandson, and a stranger."""
    from tests.residents import make
    from xinglin.record import database

    make.region()
    yield database.connection()
    forget_residents()
    Account.objects.filter(roles__contains=[Role.RESIDENT.value]).delete()
    Hindrance.objects.all().delete()


@pytest.fixture
def outbox(settings, tmp_path):
    """The texts that were sent: a function that gives the latest code."""
    from dataclasses import replace

    from tests.residents import make

    settings.SETTINGS = replace(settings.SETTINGS, home=tmp_path, sms="file", keys=str(make.KEYS))
    return make.Outbox(tmp_path / "outbox" / "sms.ndjson")

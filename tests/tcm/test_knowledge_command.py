"""``xinglin tcm``."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

pytestmark = pytest.mark.usefixtures("knowledge")


def said(*args: str) -> str:
    out = StringIO()
    call_command("tcm", *args, stdout=out)
    return out.getvalue()


def test_what_is_loaded_is_not_loaded_again_unless_asked() -> None:
    assert said("load") == "0 terms, 0 new facts, 0 facts ended\n"
    assert said("load", "--again").endswith(" terms, 0 new facts, 0 facts ended\n")


def test_it_counts_terms_and_facts() -> None:
    counted = {line.split()[1]: line.split()[0] for line in said("count").splitlines()}

    assert (counted["formula"], counted["meridian"], counted["reviewed"]) == ("703", "14", "0")


def test_it_refuses_what_it_cannot_do() -> None:
    with pytest.raises(CommandError):
        said("forget")

"""``xinglin keys`` and ``xinglin cards``."""

from __future__ import annotations

import dataclasses
from io import StringIO

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command

from tests.healthcard import make
from xinglin.config.management.commands.keys import PURPOSES, RECORD_PURPOSES
from xinglin.healthcard import keys
from xinglin.healthcard.apps import HealthcardConfig


@pytest.fixture
def own_keys(tmp_path, settings):
    settings.SETTINGS = dataclasses.replace(settings.SETTINGS, keys=str(tmp_path / "keys"))
    return tmp_path / "keys"


def said(*words: str, command: str = "keys") -> str:
    out = StringIO()
    call_command(command, *words, stdout=out)
    return out.getvalue()


def test_keys_are_made_at_first_and_listed_without_their_secrets(own_keys):
    listed = said("list")

    names = [purpose.name for purpose in PURPOSES if purpose not in RECORD_PURPOSES]  # made when first needed
    assert {f"card-{what}" for what in ("code", "fields", "number", "search")} < set(names)
    assert sorted(path.stem for path in own_keys.glob("*.json")) == sorted(names)
    assert {path.stat().st_mode & 0o777 for path in own_keys.glob("*.json")} == {0o600}
    assert listed.count("current") == len(names)
    assert '"secret"' in (own_keys / "card-code.json").read_text()
    secret = keys.ring(keys.CODE).current.secret
    assert secret.hex() not in listed


def test_key_is_rotated_to_another_algorithm_and_the_older_revoked(own_keys):
    assert said("rotate", "card-code", "--algorithm", "sm2").splitlines()[-1].split()[:2] == ["2", "sm2"]

    assert "revoked" in said("revoke", "card-code", "1")
    assert [k.version for k in keys.ring(keys.CODE).keys if k.revoked is None] == [2]


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("rotate", "card-fields", "--algorithm", "ed25519"), "can seal"),
        (("revoke", "card-fields", "1"), "stay readable"),
        (("revoke", "card-code", "1"), "rotate first"),
        (("rotate", "elsewhere"), "invalid choice"),
    ],
)
def test_what_cannot_be_done_is_told_and_changes_nothing(own_keys, words, why):
    before = {purpose: keys.ring(purpose) for purpose in keys.PURPOSES}

    with pytest.raises(CommandError, match=why):
        said(*words)

    assert {purpose: keys.ring(purpose) for purpose in keys.PURPOSES} == before


def test_cards_are_looked_after_by_a_command(cards):
    assert said("reseal", command="cards").splitlines() == ["cards sealed anew: 0", "bindings sealed anew: 0"]


@pytest.mark.parametrize(
    ("given", "why"),
    [({"card_seconds": 5}, "CARD_SECONDS=5"), ({"card_offline_seconds": 90_000}, "OFFLINE_SECONDS=90000")],
)
def test_lifetimes_that_make_no_sense_stop_the_start(settings, given, why):
    import xinglin.healthcard

    settings.SETTINGS = dataclasses.replace(settings.SETTINGS, **given)

    with pytest.raises(ImproperlyConfigured, match=why):
        HealthcardConfig("xinglin.healthcard", xinglin.healthcard).ready()


def test_offline_reports_can_be_forbidden(settings, wang):
    settings.SETTINGS = dataclasses.replace(settings.SETTINGS, card_offline_seconds=0)
    card = make.issue(wang)

    verdict = make.present(make.show(card), scanned=make.after(1), now=make.after(2))

    assert verdict.why == "too-late"

"""``xinglin policy``: what is in force, and what was stored before is brought up to it."""

from __future__ import annotations

from dataclasses import replace
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from tests.record.policy.conftest import actor, everything, filled
from tests.record.policy.test_consent import consent, label
from xinglin.kernel.actor import SYSTEM
from xinglin.record import database
from xinglin.record.door import open_as
from xinglin.record.policy import compiling
from xinglin.record.steps import Step, Verb


def names(role: str) -> set[str]:
    return {e.stored.id for e in open_as(actor(role, "hosp-a")).search("Condition", []).entries}


def test_what_was_stored_under_the_open_policy_gets_relations_and_labels(emptied, settings) -> None:
    open_as(SYSTEM).transaction([Step(Verb.UPDATE, r["resourceType"], r["id"], r) for r in everything()])
    settings.SETTINGS = replace(settings.SETTINGS, policy="region")
    assert names("doctor") == set()
    said = StringIO()

    call_command("policy", rebuild=True, stdout=said)

    assert "policy region, version 2026.1" in said.getvalue()
    assert "4 resources looked at for care relations" in said.getvalue()
    assert names("doctor") == {"cold-a", "mind-a", "virus-a"}
    assert names("steward") == {"cold-a", "cold-b"}


def test_decisions_and_labels_are_read_anew_under_an_open_policy(emptied) -> None:
    door = filled()
    door.update(consent(securityLabel=[label("PSY")]))
    connection = database.connection()
    connection.execute("DELETE FROM record_consent")
    connection.execute("UPDATE record_resource SET tokens = '{}' WHERE id = 'mind-a'")
    assert names("doctor") >= {"mind-a"}
    said = StringIO()

    call_command("policy", rebuild=True, stdout=said)

    assert "1 decisions of residents looked at" in said.getvalue()
    assert names("doctor") == {"cold-a", "virus-a", "cold-b", "mind-b", "virus-b"}


def test_a_decision_that_a_new_policy_cannot_keep_is_named(emptied, settings, tmp_path) -> None:
    filled().update(consent(securityLabel=[label("PSY")]))
    (tmp_path / "bare.toml").write_text((compiling.DATA / "open.toml").read_text(encoding="utf-8"))
    (tmp_path / "sensitivity.toml").write_text("")
    settings.SETTINGS = replace(settings.SETTINGS, policy=str(tmp_path / "bare.toml"))
    said = StringIO()

    with pytest.raises(CommandError, match="Change these Consents"):
        call_command("policy", rebuild=True, stdout=said)

    assert "NOT KEPT TO: Consent/wish: The platform knows these labels" in said.getvalue()


def test_a_policy_that_is_not_there_stops_the_start(settings) -> None:
    settings.SETTINGS = replace(settings.SETTINGS, policy="nowhere")

    with pytest.raises(SystemExit, match="should be one of open, region, or the path of a TOML file"):
        compiling.in_force()

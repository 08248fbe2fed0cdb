"""A vendor's system hands in samples by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.test import Client

from tests.exchange.make import STEWARD
from tests.exchange.onboarding import make
from xinglin.exchange.onboarding import actions
from xinglin.exchange.onboarding.models import Onboarding, Sample, Step
from xinglin.kernel import clock
from xinglin.record import access, database

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.usefixtures("sender")
PATH = "/exchange/onboarding/in"


@pytest.fixture(autouse=True)
def _at_that_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: make.NOW)


def key_of(held: Onboarding) -> str:
    return actions.give_key(onboarding=held.pk, actor=STEWARD, now=make.NOW)


def post(key: str, body: bytes, name: str = "a.hl7") -> Any:
    return Client(enforce_csrf_checks=True).post(
        f"{PATH}?name={name}", body, "application/octet-stream", headers={"Authorization": f"Bearer {key}"}
    )


def test_samples_are_answered_with_the_report(begun: Callable[..., Onboarding]) -> None:
    held = begun()
    key = key_of(held)

    first = post(key, make.registered().encode())
    told = first.json()
    assert (first.status_code, told["state"], told["green"]) == (200, "open", False)
    assert [(one["kind"], one["control"], one["green"]) for one in told["samples"]] == [
        ("ADT^A28", "REG1", True)
    ]
    then = post(key, b"\r".join(body for _, body in make.hospital()[1:]))

    assert (then.json()["state"], then.json()["green"], then.json()["level"]) == ("green", True, "L4A")
    again = Client().get(PATH, headers={"Authorization": f"Bearer {key}"})
    assert again.json() == then.json()
    assert {one.actor for one in Step.objects.filter(what="tried")} == {f"onboarding/{held.pk}"}


def test_what_is_wrong_is_said_in_the_vendors_language(begun: Callable[..., Onboarding]) -> None:
    key = key_of(begun())

    told = post(key, make.registered().replace("ADT^A28", "ZZZ^Z01").encode()).json()

    wrong = next(one for one in told["findings"] if one["point"] == "structure.form")
    assert (wrong["sample"], wrong["place"], wrong["line"]) == (0, "MSH-9", 1)
    assert "ZZZ^Z01" in wrong["said"]


@pytest.mark.parametrize("key", ["", "xlo_wrong", "xls_wrong"])
def test_a_wrong_key_is_refused(begun: Callable[..., Onboarding], key: str) -> None:
    key_of(begun())

    response = post(key, make.registered().encode())

    assert (response.status_code, response.json()["state"]) == (401, "refused")
    assert Sample.objects.count() == 0


def test_a_new_key_takes_the_place_of_the_old_one(begun: Callable[..., Onboarding]) -> None:
    held = begun()
    old, new = key_of(held), key_of(held)

    assert post(old, make.registered().encode()).status_code == 401
    assert post(new, make.registered().encode()).status_code == 200


def test_a_key_holds_while_samples_are_taken(begun: Callable[..., Onboarding]) -> None:
    held = begun()
    key = key_of(held)
    actions.stop(onboarding=held.pk, note="x", actor=STEWARD, now=make.NOW)

    assert post(key, make.registered().encode()).status_code == 401
    assert Sample.objects.count() == 0


def test_nothing_new_and_no_report_are_said(begun: Callable[..., Onboarding]) -> None:
    key = key_of(begun())

    assert Client().get(PATH, headers={"Authorization": f"Bearer {key}"}).status_code == 404
    assert post(key, b"").status_code == 400
    assert Client().put(PATH).status_code == 405


def test_what_a_vendor_does_is_in_the_access_log(begun: Callable[..., Onboarding]) -> None:
    held = begun()
    post(key_of(held), make.registered().encode())

    access.flush()
    found = database.connection().execute(
        "SELECT DISTINCT actor, purpose FROM record_access WHERE action = 'exchange-onboarding-tried' AND query = %s",
        [f"{held.pk} h09"],
    ).fetchall()  # fmt: skip
    assert (f"onboarding/{held.pk}", "HOPERAT") in found


def test_a_steward_gives_the_key_and_sees_it_once(
    browser: Callable[..., Client], begun: Callable[..., Onboarding]
) -> None:
    held = begun()
    client = browser("steward")

    page = client.post(f"/exchange/onboarding/{held.pk}/key/").content.decode()

    assert page.count("xlo_") == 2
    assert "xlo_" not in client.get(f"/exchange/onboarding/{held.pk}/").content.decode()
    assert browser("operator").post(f"/exchange/onboarding/{held.pk}/key/").status_code == 403

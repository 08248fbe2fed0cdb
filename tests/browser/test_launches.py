"""A doctor at the hospital's own page opens the record by a SMART launch: links the account once, then never again."""

from __future__ import annotations

import json
import urllib.request
from typing import TYPE_CHECKING, Any

import pytest

from tests.browser.test_pages import violations
from tests.portal.ehr import CLIENT_ID, Ehr
from xinglin.accounts.events import NOWHERE
from xinglin.accounts.models import Account
from xinglin.kernel import clock
from xinglin.smart import ehrs, registering
from xinglin.smart.ehrs import Draft
from xinglin.smart.models import App, Binding
from xinglin.smart.models import Ehr as Registered
from xinglin.smart.registering import Deed

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.browser
PASSWORD = "Kiefer-Wald 7 Uhr"


@pytest.fixture
def ehr(demo: str, django_db_blocker: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ehr]:
    """The hospital's server, registered at the platform, which in turn is registered there; nobody is linked."""

    def jwks() -> Any:
        with urllib.request.urlopen(f"{demo}/record/launch/jwks.json", timeout=60) as answer:
            return json.load(answer)

    from dataclasses import replace

    from django.conf import settings

    monkeypatch.setattr(settings, "SETTINGS", replace(settings.SETTINGS, ehrs="127.0.0.1"))
    server = Ehr(jwks)
    with django_db_blocker.unblock():
        Account.objects.create_user(
            "wang", PASSWORD, display_name="王医生", roles=["doctor"], institution_id="hospital"
        )
        deed = Deed("test", NOWHERE, clock.now())
        draft = Draft(
            key="first", name="医院电子病历", issuer=server.issuer, client_id=CLIENT_ID, institution_id="hospital",
            institution_name="第一人民医院",
        )  # fmt: skip
        ehrs.register(draft=draft, base=demo, deed=deed)
    yield server
    server.close()
    with django_db_blocker.unblock():
        Registered.objects.all().delete()
        Binding.objects.all().delete()
        App.objects.all().delete()
        Account.objects.filter(username="wang").delete()


def register_ourselves(demo: str) -> int:
    """The record browser as an app of our own server, which is then the system that opens it; the app's number."""
    deed = Deed("test", NOWHERE, clock.now())
    with urllib.request.urlopen(f"{demo}/record/launch/jwks.json", timeout=60) as answer:
        keys = answer.read().decode()
    app, _ = registering.register(
        draft=registering.Draft(
            name="档案浏览器", kind="asymmetric", redirects=(ehrs.redirect_of("own", demo),), jwks=keys,
            launch_url=f"{demo}{ehrs.PATH}", scopes=("openid", "fhirUser", "launch", "patient/Patient.rs"),
        ),
        deed=deed,
    )  # fmt: skip
    own = Draft(key="own", name="杏林", issuer=ehrs.own_issuer(demo), client_id=app.client_id)
    ehrs.register(draft=own, base=demo, deed=deed)
    return app.pk


def test_doctor_opens_the_record_from_the_hospitals_own_page(open_window, demo, ehr, axe, django_db_blocker):
    window = open_window()
    page = window.page

    def from_the_desk() -> None:
        page.goto(f"{ehr.at}/desk?platform={demo}")
        with page.expect_response(lambda answer: "/record/launch/first/" in answer.url) as come:
            page.click("#open")
        window.settle()
        window.complaints[:] = [
            said for said in window.complaints if "403" not in said or come.value.status != 403
        ]

    from_the_desk()
    assert page.inner_text("h1") == "未能打开档案"
    window.picture("launch-not-linked")
    assert violations(window, axe) == []
    page.click("main a.btn-primary")
    page.fill("#id_username", "wang")
    page.fill("#id_password", PASSWORD)
    page.click("main .btn-primary")
    window.settle()
    window.picture("launch-link")
    assert violations(window, axe) == []
    page.click("main .btn-primary")
    window.settle()
    assert page.inner_text("h1") == "账号已关联"

    from_the_desk()
    assert "/residents/" in page.url
    assert "由第一人民医院打开，仅限此份档案" in page.inner_text("header.xl-bar")
    window.picture("launch-record")
    assert window.overflow() <= 0
    assert violations(window, axe) == []

    phone = open_window(width=390, theme="dark", language="en")
    phone.sign_in()
    with django_db_blocker.unblock():
        number = register_ourselves(demo)
    phone.go("/residents/a/")
    phone.page.click(".xl-banner-toggle")
    with phone.page.expect_popup() as opened:
        phone.page.click(f"form[action$='/apps/{number}/'] button")
    popup = opened.value
    popup.wait_for_selector("button[value=allow]", timeout=30_000)
    popup.click("button[value=allow]")
    popup.wait_for_url(f"{demo}/residents/a/", timeout=30_000)
    phone.page = popup
    phone.settle()
    phone.picture("launch-own-phone")
    assert "Opened from" in popup.inner_text("header.xl-bar")
    assert phone.overflow() <= 0
    assert violations(phone, axe) == []

    desk = open_window(width=390, theme="dark", language="en")
    desk.sign_in("administrator")
    with django_db_blocker.unblock():
        at = Registered.objects.get(key="first").pk
    for path, name in (("/apps/ehrs/", "list"), ("/apps/ehrs/new/", "new"), (f"/apps/ehrs/{at}/", "one")):
        desk.go(path)
        desk.picture(f"launch-systems-{name}")
        assert desk.overflow() <= 0
        assert violations(desk, axe) == []
    desk.page.click("form[action$='/look/'] button")
    desk.settle()
    assert "says all that a launch needs" in desk.page.inner_text("main")

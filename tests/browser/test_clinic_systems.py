"""A doctor stays in the clinic's own system: its page, on another site, embeds each page and hears what was decided."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.request import Request, urlopen

import pytest
from playwright.sync_api import expect

from tests.browser.test_pages import violations
from tests.tcm.adapter import make
from tests.tcm.adapter.conftest import KEYS, clinic  # noqa: F401 -- a fixture
from tests.tcm.adapter.test_messages import SAMPLES
from tests.tcm.conftest import _loaded  # noqa: F401 -- as above

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import FrameLocator

LOOKS = [(1440, "light", "zh-hans"), (390, "dark", "en")]
_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
_SYSTEM = b"""<!doctype html><html lang="zh"><meta charset="utf-8"><title>HIS</title>
<style>iframe { width: 100%; height: 780px; border: 1px solid #888 }
pre { white-space: pre-wrap; overflow-wrap: anywhere }</style>
<h1>HIS</h1><iframe title="TCM"></iframe><pre id="told"></pre>
<script>addEventListener("message", (said) => {
  document.getElementById("told").textContent = JSON.stringify({ from: said.origin, ...said.data });
});</script></html>"""


class _System(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.end_headers()
        self.wfile.write(_SYSTEM if self.path == "/" else b"")

    def log_message(self, *_: Any) -> None:
        pass


def call(address: str, body: bytes | None = None) -> str:
    """What the platform answers the clinic's server."""
    headers = {"Authorization": f"Bearer {KEYS['zyg01']}", "Content-Type": "text/xml"}
    with urlopen(Request(address, body, headers), timeout=60) as answer:
        said: bytes = answer.read()
    return said.decode()


@pytest.fixture
def systems() -> Iterator[list[str]]:
    """Two pages of foreign systems on another site than the platform's: the clinic's, and a stranger's."""
    servers = [ThreadingHTTPServer(("127.0.0.1", 0), _System) for _ in range(2)]
    for one in servers:
        threading.Thread(target=one.serve_forever, daemon=True).start()
    yield [f"http://localhost:{one.server_address[1]}" for one in servers]
    for one in servers:
        one.shutdown()
        one.server_close()


@pytest.fixture
def secret(
    demo: str,
    clinic: Any,  # noqa: F811 -- the fixture
    systems: list[str],
    _loaded: None,  # noqa: F811 -- as above
    django_db_blocker: Any,
) -> Iterator[str]:
    from xinglin.accounts.models import Account
    from xinglin.tcm.adapter.models import System

    for name in ("01-registration.xml", "02-catalogue.xml"):
        assert "<code>0</code>" in call(f"{demo}/exchange/in/tcm", (SAMPLES / "good" / name).read_bytes())
    with django_db_blocker.unblock():
        made = make.let_in(clinic, systems[0])
    yield made
    with django_db_blocker.unblock():
        System.objects.all().delete()
        Account.objects.filter(username="li").delete()


@pytest.mark.browser
@pytest.mark.parametrize(("width", "theme", "language"), LOOKS)
def test_a_doctor_stays_in_the_clinics_own_system(
    open_window: Any, axe: str, secret: str, systems: list[str], width: int, theme: str, language: str
) -> None:
    window = open_window(width=width, theme=theme, language=language)
    page, look = window.page, f"{width}-{theme}-{language}"
    page.emulate_media(color_scheme=theme)
    frame: FrameLocator = page.frame_locator("iframe")
    told = page.locator("#told")
    wrong: dict[str, list[str]] = {}

    def open_page(key: str) -> None:
        page.goto(systems[0])
        page.eval_on_selector(
            "iframe", "(frame, address) => { frame.src = address; }",
            window.address + make.address(secret, key, lang=language),
        )  # fmt: skip
        expect(frame.locator(".xl-framed-bar")).to_contain_text("P1001", timeout=60_000)

    def look_at(name: str) -> None:
        window.settle()
        window.picture(f"clinic-system-{name}-{look}")
        inner = page.frames[1]
        inner.evaluate(axe)
        seen = inner.evaluate(
            "(rules) => axe.run(document, {runOnly: {type: 'tag', values: rules}})", _RULES
        )["violations"]
        wrong[name] = [f"{one['id']}: {node['target']}" for one in seen for node in one["nodes"]]
        if inner.evaluate("() => document.documentElement.scrollWidth - innerWidth") > 0:
            wrong[name].append("too wide")

    def heard(kind: str) -> None:
        expect(told).to_contain_text(f'"kind":"{kind}"', timeout=60_000)
        expect(told).to_contain_text(f'"from":"{window.address}"')
        expect(told).to_contain_text('"visit":"M20261127001"')

    open_page("differentiation")
    frame.locator("#text").fill(make.LIVER)
    frame.locator("button[value=propose]").click()
    frame.locator("#id_disease").fill("胁痛病")
    frame.locator("#id_formula").select_option(index=1)
    look_at("differentiation")
    frame.locator("button[value=adopt]").click()
    heard("differentiation")
    look_at("handed-over")

    open_page("prescription")
    frame.locator("#id_text").fill("甘草6g\n甘遂1g")
    frame.locator("button[value=adopt]").click()
    expect(frame.locator("#findings li.red")).to_have_count(1, timeout=60_000)
    look_at("prescription-stopped")
    assert told.text_content() == ""
    frame.locator("#id_text").fill("党参15g\n当归10g\n酸枣仁15g(先煎)\n炙甘草6g")
    frame.locator("button[value=adopt]").click()
    heard("prescription")
    expect(told).to_contain_text('"drugCode":"YP0088"')

    open_page("record")
    expect(frame.locator("#id_disease")).to_have_value("胁痛病")
    frame.locator("#id_priDepict").fill("胁痛3天")
    look_at("record")
    frame.locator("form .btn-primary").click()
    heard("record")

    open_page("constitution")
    frame.locator(".xl-screen .btn").first.click()
    frame.locator(".xl-constitution-options").first.wait_for(timeout=60_000)
    page.frames[1].evaluate(
        "() => document.querySelectorAll('.xl-constitution-options').forEach((options) =>"
        " options.querySelectorAll('input')[2].click())"
    )
    frame.locator(".xl-constitution-questions > .btn-primary").click()
    frame.locator(".xl-radar").wait_for(timeout=60_000)
    look_at("constitution")
    frame.locator(".xl-framed-bar button").click()
    heard("constitution")

    for key in ("knowledge", "overview"):
        open_page(key)
        look_at(key)

    window.sign_in("administrator")
    for path in ("", "systems/zyg01/"):
        window.go(f"/tcm/adapter/{path}")
        window.picture(f"clinic-systems-{path.count('/')}-{look}")
        wrong[f"desk {path}"] = violations(window, axe) + ["too wide"] * (window.overflow() > 0)

    fetched = json.loads(call(f"{window.address}/tcm/adapter/outcomes?visit=M20261127001"))
    assert {one["kind"] for one in fetched["outcomes"]} == {
        "differentiation", "prescription", "record", "constitution",
    }  # fmt: skip

    page.goto(systems[1])
    page.eval_on_selector(
        "iframe", "(frame, address) => { frame.src = address; }", window.address + make.address(secret, "record")
    )  # fmt: skip
    page.wait_for_event("console", lambda said: "frame-ancestors" in said.text, timeout=60_000)
    window.complaints.clear()  # as a stranger's window should
    assert wrong == {name: [] for name in wrong}

"""A real browser on the real pages. Whatever the browser complains of fails the test.

Needs Chromium (Debian: ``chromium``, ``fonts-noto-cjk``); CHROMIUM names another place than /usr/bin/chromium.
axe-core is fetched from npm into var/cache once. Screenshots are left in var/screenshots for human eyes.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tarfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.conformance.conftest import address  # noqa: F401 -- a fixture: the server as it is started
from tests.portal import region

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, BrowserContext, Page

ROOT = Path(__file__).parents[2]
CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
AXE = "axe-core@4.14.1"
_CACHE = ROOT / "var" / "cache"
_SCREENSHOTS = ROOT / "var" / "screenshots"
_FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


@dataclass
class Window:
    """One reader at one browser: the page, and everything that went wrong in it."""

    page: Page
    address: str
    complaints: list[str] = field(default_factory=list)

    def go(self, path: str) -> None:
        """Open a page and wait until everything on it has come."""
        self.page.goto(self.address + path)
        self.settle()

    def settle(self) -> None:
        self.page.wait_for_load_state("networkidle")

    def sign_in(self, username: str = "doctor") -> Window:
        """Sign one of the demonstration's accounts in; then the first page is open."""
        self.go("/sign-in/")
        self.page.fill("#id_username", username)
        self.page.fill("#id_password", "xinglin-demo")
        self.page.click("main .btn-primary")
        self.page.wait_for_url(self.address + "/")
        self.settle()
        return self

    def picture(self, name: str) -> None:
        """Keep a picture of the whole page."""
        _SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=_SCREENSHOTS / f"{name}.png", full_page=True)

    def overflow(self) -> int:
        """By how many pixels the page is wider than its window."""
        return int(self.page.evaluate("() => document.documentElement.scrollWidth - innerWidth"))


@pytest.fixture(scope="session")
def _async_is_fine() -> Iterator[None]:
    """Playwright keeps an event loop in this thread, which Django would otherwise refuse to share."""
    patch = pytest.MonkeyPatch()
    patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    yield
    patch.undo()


@pytest.fixture(scope="session")
def chromium(_async_is_fine: None) -> Iterator[Browser]:
    """The browser."""
    if not Path(CHROMIUM).exists():
        pytest.skip(f"there is no Chromium at {CHROMIUM}")
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=_FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def demo(address: str, emptied: None, django_db_blocker: Any) -> Iterator[str]:  # noqa: F811 -- the fixture
    """A server with the resident of ``region`` and the demonstration's accounts: its address."""
    from xinglin.accounts import actions
    from xinglin.accounts.models import Account

    region.store()
    with django_db_blocker.unblock():
        actions.create_demo_accounts()
    yield address.removesuffix("/fhir")
    with django_db_blocker.unblock():
        Account.objects.filter(username__in=[a.username for a in actions.DEMO_ACCOUNTS]).delete()


@pytest.fixture
def open_window(chromium: Browser, demo: str) -> Iterator[Any]:
    """A function that opens a window; at the end nothing may have been complained of."""
    opened: list[tuple[BrowserContext, Window]] = []

    def opening(*, width: int = 1440, theme: str = "light", language: str = "zh-hans") -> Window:
        locale = "zh-CN" if language == "zh-hans" else "en-US"
        context = chromium.new_context(
            viewport={"width": width, "height": 900 if width > 500 else 844},
            locale=locale,
            timezone_id="Asia/Shanghai",
        )
        cookies = {"xl-theme": theme, "django_language": language}
        context.add_cookies([{"name": n, "value": v, "url": demo} for n, v in cookies.items()])
        window = Window(context.new_page(), demo)
        window.page.on("console", lambda said: _hear(window, said))
        window.page.on("pageerror", lambda error: window.complaints.append(str(error)))
        opened.append((context, window))
        return window

    yield opening
    for context, window in opened:
        context.close()
        assert window.complaints == []


def _hear(window: Window, said: Any) -> None:
    if said.type in {"error", "warning"}:
        window.complaints.append(f"{said.text} ({window.page.url})")


@pytest.fixture(scope="session")
def axe() -> str:
    """The source of axe-core."""
    kept = _CACHE / f"{AXE}.js"
    if not kept.exists():
        kept.parent.mkdir(parents=True, exist_ok=True)
        _fetch(kept)
    return kept.read_text()


def _fetch(kept: Path) -> None:
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip(f"{AXE} is not in {_CACHE}, and there is no npm to fetch it")
    command = [npm, "pack", AXE, "--silent", "--pack-destination", str(kept.parent)]
    packed = subprocess.run(command, capture_output=True, text=True, check=False)
    if packed.returncode != 0:
        pytest.skip(f"{AXE} is not in {_CACHE} and cannot be fetched: {packed.stderr.strip()[:200]}")
    archive = kept.parent / packed.stdout.strip().splitlines()[-1]
    with tarfile.open(archive) as tar:
        source = tar.extractfile("package/axe.min.js")
        assert source is not None
        kept.write_bytes(source.read())
    archive.unlink()

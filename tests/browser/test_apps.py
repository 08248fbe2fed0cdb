"""fhirclient.js, from npm, as an app of somebody else: alone, and opened from a resident's record.

https://www.npmjs.com/package/fhirclient. The app's pages come from another origin than the platform's.
"""

from __future__ import annotations

import functools
import hashlib
import http.server
import json
import shutil
import subprocess
import tarfile
import threading
import urllib.error
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.browser.test_pages import violations
from xinglin.accounts.events import NOWHERE
from xinglin.kernel import clock
from xinglin.smart import registering
from xinglin.smart.models import App
from xinglin.smart.registering import Deed, Draft

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.browser

CLIENT = "fhirclient@2.6.3"
SHA256 = "e78e721b55faaea51a660e442c3d107081d3ab89e3f69ab428cbe6cddc32ea3c"
_CACHE = Path(__file__).parents[2] / "var" / "cache"
_LAUNCH = """<!doctype html><meta charset="utf-8"><title>App</title><link rel="icon" href="data:,">
<script src="client.js"></script><script>
const asked = new URLSearchParams(location.search);
FHIR.oauth2.authorize({clientId: asked.get("id") || "%s", redirectUri: "index.html",
  scope: asked.get("launch") ? "launch openid fhirUser patient/*.rs" : "launch/patient openid fhirUser patient/*.rs"});
</script>"""
_INDEX = """<!doctype html><meta charset="utf-8"><title>App</title><link rel="icon" href="data:,">
<script src="client.js"></script><body><pre></pre><script>
FHIR.oauth2.ready().then(async client => {
  const patient = await client.patient.read();
  const found = await client.request("Patient?_elements=id", {flat: true, pageLimit: 0});
  const results = await client.patient.request("Observation", {flat: true, pageLimit: 0});
  document.querySelector("pre").textContent = JSON.stringify({
    patient: patient.id, found: found.map(one => one.id).sort(), results: results.length > 0,
    user: client.getFhirUser(), token: client.state.tokenResponse.access_token});
  document.body.className = "ready";
}).catch(error => { document.querySelector("pre").textContent = String(error); document.body.className = "failed"; });
</script>"""


@pytest.fixture(scope="session")
def client_library() -> bytes:
    """The library as it is on npm, by its checksum."""
    kept = _CACHE / f"{CLIENT}.tgz"
    if not kept.exists():
        npm = shutil.which("npm")
        if npm is None:
            pytest.skip(f"{CLIENT} is not in {_CACHE}, and there is no npm to fetch it")
        _CACHE.mkdir(parents=True, exist_ok=True)
        command = [npm, "pack", CLIENT, "--silent", "--pack-destination", str(_CACHE)]
        packed = subprocess.run(command, capture_output=True, text=True, check=False)
        if packed.returncode != 0:
            pytest.skip(f"{CLIENT} cannot be fetched: {packed.stderr.strip()[:200]}")
        (_CACHE / packed.stdout.strip().splitlines()[-1]).rename(kept)
    assert hashlib.sha256(kept.read_bytes()).hexdigest() == SHA256
    with tarfile.open(kept) as tar:
        source = tar.extractfile("package/build/fhir-client.min.js")
        assert source is not None
        return source.read()


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def app(demo: str, client_library: bytes, tmp_path: Path, django_db_blocker: Any) -> Iterator[str]:
    """The address of the app, which is registered."""
    server = http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), functools.partial(_Quiet, directory=str(tmp_path))
    )
    address = f"http://127.0.0.1:{server.server_port}"
    with django_db_blocker.unblock():
        draft = Draft(
            name="血压曲线", kind="public", about="把多年的血压画成曲线", redirects=(f"{address}/index.html",),
            launch_url=f"{address}/launch.html",
            scopes=("launch", "launch/patient", "openid", "fhirUser", "patient/*.rs"),
        )  # fmt: skip
        made, _ = registering.register(draft=draft, deed=Deed("test", NOWHERE, clock.now()))
    (tmp_path / "client.js").write_bytes(client_library)
    (tmp_path / "launch.html").write_text(_LAUNCH % made.client_id)
    (tmp_path / "index.html").write_text(_INDEX)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield address
    server.shutdown()
    server.server_close()
    with django_db_blocker.unblock():
        App.objects.all().delete()


def told(page: Any) -> dict[str, Any]:
    """What the app has got."""
    page.wait_for_selector("body.ready, body.failed", timeout=30_000)
    text = page.inner_text("pre")
    assert page.get_attribute("body", "class") == "ready", text
    return json.loads(text)


def status_of(address: str, token: str) -> int:
    asked = urllib.request.Request(address, headers={"Authorization": f"Bearer {token}"})
    try:
        with urllib.request.urlopen(asked, timeout=30) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


@pytest.mark.parametrize(("width", "theme"), [(1440, "light"), (390, "dark")])
def test_an_app_alone_asks_whose_record_and_reads_no_other(open_window, demo, app, axe, width, theme):
    window = open_window(width=width, theme=theme)
    page = window.page
    page.goto(f"{app}/launch.html?iss={demo}/fhir")
    page.wait_for_selector("#id_username", timeout=30_000)
    page.fill("#id_username", "doctor")
    page.fill("#id_password", "xinglin-demo")
    page.click("main .btn-primary")
    page.wait_for_selector("#find", timeout=30_000)
    page.fill("#find", "王桂兰")
    page.click("button[value=find]")
    page.wait_for_selector("input[name=patient]")
    page.check("input[name=patient][value=a]")
    window.picture(f"apps-authorize-{width}-{theme}")
    assert window.overflow() <= 0
    assert violations(window, axe) == []

    page.click("button[value=allow]")
    got = told(page)

    assert got["patient"] == "a"
    assert "d" not in got["found"]
    assert got["results"] is True
    assert status_of(f"{demo}/fhir/Patient/a", got["token"]) == 200
    assert status_of(f"{demo}/fhir/Patient/d", got["token"]) == 404
    window.go("/account/apps/")
    window.picture(f"apps-allowed-{width}-{theme}")
    assert window.overflow() <= 0
    assert violations(window, axe) == []
    page.click("main form button")
    window.settle()
    assert status_of(f"{demo}/fhir/Patient/a", got["token"]) == 401


def test_an_app_opened_from_the_record_knows_whose_it_is(open_window, demo, app):
    window = open_window()
    window.sign_in()
    window.go("/residents/a/")
    window.picture("apps-record-menu")

    with window.page.expect_popup() as opened:
        window.page.click("form[action$='/apps/" + str(_number()) + "/'] button")
    page = opened.value
    page.wait_for_selector("button[value=allow]", timeout=30_000)
    assert page.query_selector("#find") is None
    page.click("button[value=allow]")
    got = told(page)

    assert got["patient"] == "a"
    assert "d" not in got["found"]
    assert status_of(f"{demo}/fhir/Patient/d", got["token"]) == 404


def _number() -> int:
    from xinglin.record import database

    row = database.connection().execute("SELECT max(id) FROM smart_app").fetchone()
    assert row is not None
    return int(row[0])


@pytest.mark.parametrize(("width", "theme"), [(1440, "light"), (390, "dark")])
def test_the_pages_of_apps_fit_the_window(open_window, app, axe, width, theme):
    window = open_window(width=width, theme=theme)
    window.sign_in("administrator")
    for path, name in (("/apps/", "list"), ("/apps/new/", "new"), (f"/apps/{_number()}/", "one")):
        window.go(path)
        window.picture(f"apps-{name}-{width}-{theme}")

        assert window.overflow() <= 0
        assert violations(window, axe) == []


def test_the_sample_app_shows_the_results_of_the_record(open_window, demo, django_db_blocker):
    from xinglin.config import demonstration

    with django_db_blocker.unblock():
        demonstration.register_app(int(demo.rpartition(":")[2]))
    window = open_window()
    window.sign_in()
    window.go("/residents/a/")

    with window.page.expect_popup() as opened:
        window.page.click(f"form[action$='/apps/{_number()}/'] button")
    page = opened.value
    page.wait_for_selector("button[value=allow]", timeout=30_000)
    page.click("button[value=allow]")
    page.wait_for_selector("tbody tr", timeout=30_000)

    assert page.inner_text("caption") == "王桂兰"
    with django_db_blocker.unblock():
        App.objects.all().delete()

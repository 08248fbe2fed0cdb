"""From a look to the line on the resident's page, end to end: ``python benchmarks/live.py --pages 40``.

A platform as it is served, with its live process; a resident's page *Who looked at my record* open in a real Chromium;
doctors who open the record, each by a request of its page over HTTP. Each doctor looks once, since the looks of one
reader on one day are one line, and the looks lie more than a second apart, since a page asks once a second at most.

The page's clock is ``performance.timeOrigin + performance.now()`` in a MutationObserver, which is called in the task in
which the line came into the document. How far it lies from this process's clock is measured in the run and taken off.
"""

from __future__ import annotations

import asyncio
import http.client
import os
import random
import shutil
import socket
import statistics
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
from record_page import patients, signed_in, store
from run import ROOT, machine, served

from live import EACH, Streams, addresses, tell, topic

if TYPE_CHECKING:
    import argparse

    from playwright.sync_api import Page
    from run import Bench

_NUMBER = 50  # of the resident, and so many entries has the record
_PHONE = "13800001234"
_SESSIONS = 10  # with streams of the reference
_PATIENCE = 120.0
_CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
_FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
_OBSERVE = """() => {
  window.cameAt = {};
  const part = document.querySelector("xl-fresh");
  const note = () => {
    const now = performance.timeOrigin + performance.now();
    for (const name of part.querySelectorAll(".xl-sittings b")) window.cameAt[name.textContent] ??= now;
  };
  note();
  new MutationObserver(note).observe(part, { childList: true, subtree: true, characterData: true });
}"""


def main(given: argparse.Namespace) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        live = free.getsockname()[1]
    os.environ |= {
        "XINGLIN_LIMITS": str(ROOT / "tests" / "unlimited.toml"), "XINGLIN_POLICY": "open", "XINGLIN_LIVE": "true",
        "XINGLIN_LIVE_PORT": str(live), "XINGLIN_DEMO": "true", "DJANGO_ALLOW_ASYNC_UNSAFE": "true",
    }  # fmt: skip
    home = Path(tempfile.mkdtemp(prefix="xinglin-benchmark-"))
    bench, server = served(home)
    try:
        print(f"{machine()}; load {os.getloadavg()[0]:.1f}")
        patient = store(bench, _NUMBER, _NUMBER)
        doctors = signed_in(given.pages + 1)
        cookie = resident(patients(_NUMBER)[0])
        wait_for(f"http://127.0.0.1:{live}/live/health")
        asyncio.run(reference(live, given.events, doctors))
        look(bench, patient, doctors, cookie)
    finally:
        server.terminate()
        server.wait(30)
        from xinglin.config import embedded

        embedded.stop(home)
        shutil.rmtree(home, ignore_errors=True)


def wait_for(address: str) -> None:
    until = time.monotonic() + _PATIENCE
    while True:
        try:
            urllib.request.urlopen(address, timeout=5).close()
        except OSError:
            assert time.monotonic() < until, address
            time.sleep(0.1)
        else:
            return


def resident(known: dict[str, Any]) -> str:
    """An account for the resident who is known so: the cookie of a session."""
    from django.test import Client

    from xinglin.accounts.models import Account
    from xinglin.kernel import clock
    from xinglin.kernel.actor import SYSTEM
    from xinglin.record import database
    from xinglin.residents import actions, finding
    from xinglin.residents.rules import Level

    until = time.monotonic() + _PATIENCE
    while not (
        match := finding.find(
            database.connection(), known["name"][0]["text"], known["identifier"][0]["value"]
        )
    ):
        assert time.monotonic() < until, "the person index does not know the resident"
        time.sleep(0.2)
    proof = actions.Proof(Level.DESK, "benchmark", SYSTEM)
    bound = actions.bind(database.connection(), match=match, phone=_PHONE, proof=proof, now=clock.now())
    browser = Client()
    browser.force_login(Account.objects.get(pk=bound.account))
    return browser.cookies["sessionid"].value


async def reference(port: int, events: int, keys: list[str]) -> None:
    """From a commit to its event on one of many streams, as ``live.py`` measures it: on one they would be gathered."""
    count, streams, choice = EACH * min(len(keys), _SESSIONS), Streams(), random.Random(1)
    for number, (address, key) in enumerate(addresses(count, keys)):
        await streams.begin(port, number, address, key)
    delays = []
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
        for turn in range(events):
            waiting = streams.expect(turn % count)
            told = await asyncio.to_thread(tell, connection, topic(turn % count))
            delays.append(await asyncio.wait_for(waiting, 30) - told)
            await asyncio.sleep(choice.uniform(0.005, 0.02))
    for task in streams.tasks:
        task.cancel()
    say(f"reference, commit to event on one of {count} streams", delays)


def look(bench: Bench, patient: str, doctors: list[str], cookie: str) -> None:
    """One look of each doctor, the first to warm up, with the resident's page open."""
    from playwright.sync_api import sync_playwright

    base = f"http://127.0.0.1:{bench.port}"
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=_CHROMIUM, args=_FLAGS)
        context = browser.new_context(locale="zh-CN", timezone_id="Asia/Shanghai")
        context.add_cookies([{"name": "sessionid", "value": cookie, "url": base}])
        page = context.new_page()
        page.goto(f"{base}/my/readers/")
        page.wait_for_selector("xl-live[data-state=open]", state="attached")
        page.evaluate(_OBSERVE)
        offset, sure = apart(page)
        print(f"the page's clock less ours: {1000 * offset:+.2f} ms, sure to {1000 * sure:.2f} ms; taken off")
        looks = [once(bench.port, patient, doctors[n], page, f"医生{n}") for n in range(len(doctors))][1:]
        answers = [answered - asked for asked, answered, _ in looks]
        say("a doctor's request of the record page to its answer", answers)
        say("its answer to the line on the resident's page", [came - offset - at for _, at, came in looks])
        say("its request to the line on the resident's page", [came - offset - at for at, _, came in looks])
        browser.close()
    print(f"load {os.getloadavg()[0]:.1f}")


def once(port: int, patient: str, cookie: str, page: Page, name: str) -> tuple[float, float, float]:
    """When the look was asked for, when it was answered, and when the page had its line, by the page's clock."""
    time.sleep(random.uniform(1.2, 2.2))
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    asked = time.time()
    connection.request("GET", f"/residents/{patient}/", headers={"Cookie": f"sessionid={cookie}"})
    answer = connection.getresponse()
    answer.read()
    answered = time.time()
    assert answer.status == 200, answer.status
    connection.close()
    page.wait_for_function("name => window.cameAt[name]", arg=name)
    return asked, answered, page.evaluate("name => window.cameAt[name]", name) / 1000


def apart(page: Page) -> tuple[float, float]:
    """By how many seconds the page's clock is ahead of ours, and how sure that is: half the best round trip."""
    best, offset = 1.0, 0.0
    for _ in range(200):
        before = time.time()
        there = page.evaluate("() => performance.timeOrigin + performance.now()") / 1000
        after = time.time()
        if after - before < best:
            best, offset = after - before, there - (before + after) / 2
    return offset, best / 2


def say(what: str, delays: list[float]) -> None:
    held = sorted(1000 * delay for delay in delays)
    p50, p95 = statistics.median(held), held[min(len(held) - 1, int(0.95 * len(held)))]
    print(f"{what}: p50 {p50:.1f} ms, p95 {p95:.1f} ms, most {held[-1]:.1f} ms ({len(held)})")

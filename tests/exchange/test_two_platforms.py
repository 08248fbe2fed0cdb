"""Two whole platforms: two databases, two servers, keys of their own. What one has, the other gets, and may ask for."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

pytestmark = [pytest.mark.clients, pytest.mark.crash]
_PATIENCE = 280.0
_BEGIN = """
import json, django
django.setup()
from xinglin.exchange.nodes import actions, asking, calling, keys, queries
from xinglin.exchange.nodes.rules import Consent, Filter, Tier, What
from xinglin.exchange.nodes.models import Batch, Inquiry, Node, Subscription
from xinglin.kernel import clock
from xinglin.kernel.actor import SYSTEM, Actor
from xinglin.record import access, database
from xinglin.record.door import open_as
PATIENT = {"resourceType": "Patient", "id": "p1", "name": [{"text": "张三"}], "birthDate": "1949-12-31", "identifier": [
    {"system": "http://www.mps.gov.cn/id", "value": "11010519491231002X", "type": {"coding": [{"code": "NI"}]}}]}
OBSERVATION = {"resourceType": "Observation", "id": "o1", "status": "final", "code": {"text": "血糖"},
    "subject": {"reference": "Patient/p1"}, "valueString": "6.5"}
"""


@dataclass
class Platform:
    """One of the two."""

    environment: dict[str, str]
    port: int
    log: Path
    process: subprocess.Popen[bytes] | None = field(default=None)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def begin(self) -> None:
        command = [sys.executable, "-m", "xinglin.config.command", "serve", "--port", str(self.port)]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*command, "--workers", "1", "--threads", "2"],
                env=self.environment,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def wait(self) -> None:
        until(self._answers, self.log)

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.address}/fhir/metadata", timeout=5) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def kill(self) -> None:
        if self.process is not None:
            os.killpg(self.process.pid, 9)
            self.process.wait()
            self.process = None

    def do(self, code: str) -> Any:
        """Run something on the platform's own database; what it prints last, as JSON."""
        done = subprocess.run(  # noqa: PLW1510 -- what it says is shown below
            [sys.executable, "-c", _BEGIN + code],
            env=self.environment,
            capture_output=True,
            timeout=_PATIENCE,
        )
        assert done.returncode == 0, done.stderr.decode()[-3000:]
        lines = done.stdout.decode().strip().splitlines()
        return json.loads(lines[-1]) if lines else None

    def count(self, condition: str) -> int:
        with psycopg.connect(self.environment["DATABASE_URL"], autocommit=True) as connection:
            row = connection.execute(f"SELECT count(*) FROM {condition}").fetchone()
        assert row is not None
        return int(row[0])


def until(holds: Callable[[], bool], log: Path) -> None:
    end = time.monotonic() + _PATIENCE
    while not holds():
        assert time.monotonic() < end, log.read_text()[-4000:]
        time.sleep(0.2)


@pytest.fixture
def platforms(_record_database: None, tmp_path: Path) -> Iterator[tuple[Platform, Platform]]:
    from xinglin.record import database

    made = []
    names = [f"nodes_{kind}_{os.getpid()}" for kind in ("city", "county")]
    with psycopg.connect(database.target(), autocommit=True) as connection:
        for name in names:
            connection.execute(f'CREATE DATABASE "{name}"')
    for name in names:
        home = tmp_path / name
        home.mkdir()
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        environment = {
            **os.environ, "DATABASE_URL": make_conninfo(database.target(), dbname=name), "XINGLIN_HOME": str(home),
            "XINGLIN_KEYS": str(home / "keys"), "XINGLIN_LEDGER": "false", "XINGLIN_EXCHANGE": "0",
            "XINGLIN_NODES": "true", "XINGLIN_DEMO": "true",
        }  # fmt: skip
        made.append(Platform(environment, port, home / "log"))
    for one in made:
        one.begin()
    for one in made:
        one.wait()
    yield made[0], made[1]
    for one in made:
        one.kill()
    with psycopg.connect(database.target(), autocommit=True) as connection:
        for name in names:
            connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


_WHO = """
actions.say_who(code="{code}", name="{name}", tier=Tier.{tier}, address="{address}")
print(json.dumps(keys.fingerprint(keys.public())))
"""
_REGISTER = """
said = calling.introduction("{address}")
actions.register(said=said, fingerprint="{fingerprint}", actor=SYSTEM, now=clock.now())
"""
_SUBSCRIBE = """
node = queries.node("city")
key = calling.say(queries.require_own(), node, "/exchange/nodes/index-key", {})["key"]
actions.keep_index_key(key=bytes.fromhex(key))
for what in (What.RECORDS, What.INDEX):
    chosen = Filter(frozenset({"Patient", "Observation"}))
    actions.subscribe(node=node, what=what, chosen=chosen, stock=True, now=clock.now())
"""
_PUT = """
door = open_as(SYSTEM)
door.update(PATIENT)
door.update(OBSERVATION)
"""
_MORE = """
door = open_as(SYSTEM)
for number in range(30):
    door.update({"resourceType": "Patient", "id": f"more{number}", "name": [{"text": f"居民{number}"}]})
"""
_ASK = """
doctor = Actor("account/7", "王医生", frozenset({"doctor"}), institution="city-hospital")
open_as(SYSTEM).update({**PATIENT, "id": "visitor"})
found = asking.visitor(open_as(doctor), "visitor")
places, silent = asking.places(found)
node = places[0].node
inquiry = asking.ask(open_as(doctor), found, node, asking.Basis(Consent.PRESENT, "本人在场同意"), now=clock.now())
bundle = asking.look(open_as(doctor), inquiry)
access.flush()
print(json.dumps({"places": [one.code for one in places], "silent": silent, "number": inquiry.number,
    "kinds": sorted(one["resource"]["resourceType"] for one in bundle["entry"]), "receipt": bool(inquiry.receipt)}))
"""


def test_records_go_up_and_a_visitor_s_record_is_asked_for(platforms: tuple[Platform, Platform]) -> None:
    city, county = platforms
    prints = {
        "city": city.do(_WHO.format(code="city", name="南宁市", tier="CITY", address=city.address)),
        "county": county.do(_WHO.format(code="county", name="武鸣区", tier="COUNTY", address=county.address)),
    }
    city.do(_REGISTER.format(address=county.address, fingerprint=prints["county"]))
    county.do(_REGISTER.format(address=city.address, fingerprint=prints["city"]) + _PUT + _SUBSCRIBE)
    foreign = "record_resource WHERE type IN (SELECT type FROM record_resource)"
    until(lambda: city.count(foreign) == 2 and city.count("exchange_nodes_held") == 1, county.log)

    city.kill()
    county.do(_MORE)
    until(lambda: county.count("exchange_nodes_subscription WHERE failures > 0") > 0, county.log)
    city.begin()
    city.wait()
    until(lambda: city.count(foreign) == 32, county.log)
    asked = city.do(_ASK)

    assert asked["places"] == ["county"]
    assert (asked["kinds"], asked["silent"], asked["receipt"]) == (["Observation", "Patient"], [], True)
    number = asked["number"]
    assert [
        one.count(f"exchange_nodes_inquiry WHERE number = '{number}' AND receipt <> ''") for one in platforms
    ] == [1, 1]
    assert county.count("record_access WHERE actor = 'node/city' AND action = 'everything'") == 1
    assert county.count("record_notice WHERE kind = 'node-asked'") == 1
    batches = [one.count("exchange_nodes_batch WHERE what = 'records'") for one in platforms]
    assert batches[0] == batches[1]

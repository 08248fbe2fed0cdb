# ruff: noqa: E501 -- a document in lines
"""Shared documents: what a laboratory report costs by itself, and how many a second go through the door of a server.

Usage: python benchmarks/cda.py [--documents 2000] [--connections 16] [--results 5] [--workers 2] [--alone]

Each document is a C0007 of a patient with some results, about 15 kB. Alone: read, checked, and mapped to resources in
this process, one at a time. Through the door: receipt, original, resources and index, everything included; the server,
its database and this client share the machine. The ratio compares with parsing the same bytes by lxml.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg

sys.path.insert(0, str(Path(__file__).resolve().parent))
from client import drive, request
from people import person

if TYPE_CHECKING:
    from collections.abc import Iterator

RUN = [sys.executable, "-m", "xinglin.config.command"]
_TESTS = (("718-7", "血红蛋白", "g/L"), ("6690-2", "白细胞计数", "10^9/L"), ("777-3", "血小板计数", "10^9/L"),
          ("789-8", "红细胞计数", "10^12/L"), ("4544-3", "红细胞压积", "%"))  # fmt: skip
_HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<ClinicalDocument xmlns="urn:hl7-org:v3" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><realmCode code="CN"/>
<typeId root="2.16.840.1.113883.1.3" extension="POCD_MT000040"/><templateId root="2.16.156.10011.2.1.1.27"/>
<id root="2.16.156.10011.1.1" extension="D{n}"/><code code="C0007" codeSystem="2.16.156.10011.2.4"/><title>检验报告</title>
<effectiveTime value="20261126100000"/><confidentialityCode code="N" codeSystem="2.16.840.1.113883.5.25"/>
<languageCode code="zh-CN"/><setId/><versionNumber/><recordTarget typeCode="RCT"><patientRole classCode="PAT">
<id root="2.16.156.10011.1.13" extension="B{p}"/><id root="2.16.156.10011.1.11" extension="V{n}"/>
<id root="2.16.156.10011.1.33" extension="L{n}"/><id root="2.16.156.10011.1.24" extension="S{n}"/>
<id root="2.16.156.10011.1.14" extension="T{n}"/><telecom value="{about.phone}"/><patient><name>{about.name}</name><administrativeGenderCode code="{about.sex}"
codeSystem="2.16.156.10011.2.3.3.4"/><birthTime value="{about.born:%Y%m%d}"/></patient>
</patientRole></recordTarget><author><time value="20261126095500"/><assignedAuthor>
<id root="2.16.156.10011.1.7" extension="A{a}"/><assignedPerson><name>李{a}</name></assignedPerson></assignedAuthor></author>
<custodian><assignedCustodian><representedCustodianOrganization><id root="2.16.156.10011.1.5" extension="49850001X"/>
<name>人民医院</name></representedCustodianOrganization></assignedCustodian></custodian><legalAuthenticator>
<time value="20261126095600"/><signatureCode/><assignedEntity><id root="2.16.156.10011.1.4" extension="A{a}"/>
<code displayName="审核医师"/><assignedPerson><name>李{a}</name></assignedPerson></assignedEntity></legalAuthenticator>
<component><structuredBody><component><section><code code="29548-5" codeSystem="2.16.840.1.113883.6.1"/><text/>{diagnosis}
</section></component><component><section><code code="30954-2" codeSystem="2.16.840.1.113883.6.1"/><text/>{results}
</section></component><component><section><code displayName="检验报告"/><text/>{report}</section></component>
</structuredBody></component></ClinicalDocument>"""


def _element(code: str, name: str, value: str, inside: str = "") -> str:
    return (
        f'<observation classCode="OBS" moodCode="EVN"><code code="{code}" displayName="{name}"'
        f' codeSystem="2.16.156.10011.2.2.1" codeSystemName="卫生信息数据元目录"/>{value}{inside}</observation>'
    )


def _entry(element: str) -> str:
    return f"<entry>{element}</entry>"


def document(number: int, results: int) -> bytes:
    """A laboratory's report about one of many patients."""
    told = []
    for place in range(results):
        code, name, unit = _TESTS[place % len(_TESTS)]
        specimen = _element("DE04.50.134.00", "标本类别", '<value xsi:type="ST">全血</value>')
        told.append(
            _entry(
                _element(
                    "DE04.30.019.00", "检验项目代码",
                    f'<effectiveTime value="20261126093000"/><value xsi:type="CD" code="{code}"'
                    f' codeSystem="2.16.840.1.113883.6.1" displayName="{name}"/>',
                    f'<entryRelationship typeCode="COMP">{specimen}</entryRelationship>',
                )
            )
        )  # fmt: skip
        told.append(
            _entry(
                _element(
                    "DE04.30.017.00",
                    "检验结果代码",
                    '<value xsi:type="CD" code="1" codeSystem="2.16.156.10011.2.3.2.38"/>',
                )
            )
        )
        measured = _element("DE04.30.016.00", "检查定量结果计量单位", f'<value xsi:type="ST">{unit}</value>')
        told.append(
            _entry(
                _element(
                    "DE04.30.015.00", "检验定量结果",
                    f'<value xsi:type="REAL" value="{4 + place + number % 7 / 10}"/>',
                    f'<entryRelationship typeCode="COMP">{measured}</entryRelationship>',
                )
            )
        )  # fmt: skip
    diagnosis = (
        '<value xsi:type="CD" code="I10.x02" codeSystem="2.16.156.10011.2.3.3.11.3" displayName="高血压病"/>'
    )
    text = '<value xsi:type="ST">未见明显异常</value>'
    return _HEAD.format(
        n=number, p=number % 2000, about=person(number % 2000), a=number % 20, results="".join(told),
        diagnosis=_entry(_element("DE05.01.024.00", "诊断代码", diagnosis)),
        report=_entry(_element("DE04.50.130.00", "检验报告结果", text)),
    ).encode()  # fmt: skip


def alone(count: int, results: int) -> None:
    """Time what one process does with documents, step by step."""
    os.environ.setdefault("DATABASE_URL", "postgresql:///unused")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "xinglin.config.settings")
    import django
    from lxml import etree

    django.setup()
    from xinglin.exchange.cda import checking, reading, to_record
    from xinglin.exchange.doors import Sender

    sender = Sender(1, "bench", "Bench")
    bodies = [document(n, results) for n in range(count)]
    read = [reading.read(body) for body in bodies[:50]]
    for one in read:
        assert checking.check(one) == []
        made = to_record.resources(one, to_record.kind_of(one), sender, bodies[0])
    print(f"{len(bodies[0]):,} bytes, {results} results, {len(made)} resources")

    def timed(words: str, work: object) -> float:
        begun = time.perf_counter()
        work()  # type: ignore[operator]
        each = (time.perf_counter() - begun) / count * 1e6
        print(f"{words:<32}{each:8.0f} µs")
        return each

    parsed = timed("lxml alone", lambda: [etree.fromstring(body) for body in bodies])
    documents: list[object] = []
    total = timed("read", lambda: documents.extend(map(reading.read, bodies)))
    total += timed("check", lambda: [checking.check(one) for one in documents])  # type: ignore[arg-type]
    total += timed(
        "map to resources",
        lambda: [
            to_record.resources(one, to_record.kind_of(one), sender, body)  # type: ignore[arg-type]
            for one, body in zip(documents, bodies, strict=True)
        ],
    )
    print(
        f"{'together':<32}{total:8.0f} µs, {1e6 / total:,.0f} documents/s; {total / parsed:.0f} times lxml alone"
    )


def requests(count: int, results: int, key: str) -> Iterator[bytes]:
    for number in range(count):
        yield request("POST", "/exchange/in/cda", key, document(number, results))


def start(home: Path, port: int, workers: int) -> tuple[subprocess.Popen[bytes], str]:
    """A server of its own and the key of a sender."""
    os.environ |= {"XINGLIN_HOME": str(home), "XINGLIN_LEDGER": "false", "XINGLIN_WORKERS": str(workers)}
    os.environ.pop("DATABASE_URL", None)
    server = subprocess.Popen([*RUN, "serve", "--port", str(port)], stdout=subprocess.DEVNULL)
    while True:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/fhir/metadata", timeout=5)
            break
        except OSError:
            if server.poll() is not None:
                raise SystemExit("the server did not start") from None
            time.sleep(0.2)
    added = subprocess.run(
        [*RUN, "exchange", "sender", "add", "bench", "--name", "Bench", "--door", "cda"],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    return server, added.stdout.strip()


def through_the_door(given: argparse.Namespace) -> None:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        server, key = start(home, given.port, given.workers)
        try:
            begun = time.perf_counter()
            told = drive(
                given.port,
                requests(given.documents, given.results, key),
                connections=given.connections,
                wanted=(200,),
            )
            elapsed = time.perf_counter() - begun
            url = f"postgresql://postgres@/xinglin?host={home / 'postgresql'}"
            with psycopg.connect(url) as connection:
                row = connection.execute("SELECT count(*) FROM record_resource").fetchone()
        finally:
            server.terminate()
            server.wait(timeout=20)
            subprocess.run([*RUN, "stop"], check=False, stdout=subprocess.DEVNULL)
    resources = row[0] if row else 0
    print(f"{given.documents:,} documents, {resources:,} resources, {given.connections} connections")
    print(f"stored {given.documents / elapsed:,.0f} documents/s, {resources / elapsed:,.0f} resources/s; "
          f"p50 {told.percentile(0.5):.1f} ms, p99 {told.percentile(0.99):.1f} ms")  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--documents", type=int, default=2000)
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--results", type=int, default=5)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--port", type=int, default=8124)
    parser.add_argument("--alone", action="store_true", help="only what one process does, without a server")
    given = parser.parse_args()
    alone(min(given.documents, 500), given.results)
    if not given.alone:
        through_the_door(given)


if __name__ == "__main__":
    main()

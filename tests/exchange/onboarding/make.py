"""Samples of a made-up hospital, good ones and ones with something wrong, and a bench to try them on."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from xinglin.exchange.doors import Door, Sender
from xinglin.exchange.onboarding import checking, coding, points, samples
from xinglin.kernel.actor import Actor

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xinglin.exchange.onboarding.checking import Codes
    from xinglin.exchange.onboarding.rules import Finding, Report

ACTOR = Actor("account/1", "刘洋", frozenset({"administrator"}))
NOW = datetime(2026, 11, 26, 2, tzinfo=UTC)
SCHEME = points.read(points.SHIPPED)
HOSPITAL = "hl7v2-hospital"


def header(kind: str, control: str) -> str:
    return f"MSH|^~\\&|HIS|H01|XINGLIN|REGION|20261126093000||{kind}|{control}|P|2.5.1||||||UNICODE UTF-8"


def pid(number: int = 1, sex: str = "M") -> str:
    return f"PID|1||P{number:04d}^^^H01^PI~110101199003070011^^^GA^NI||示^例||19900307|{sex}"


def visit(number: int = 1) -> str:
    return f"PV1|1|I|呼吸内科^01^02^H01||||D01^李^明||||||||||||V{number:04d}|||||||||||||||||||||||||20261126080000"


def text(*segments: str) -> str:
    return "\r".join(segments) + "\r"


def registered(number: int = 1) -> str:
    return text(header("ADT^A28", f"REG{number}"), "EVN|A28|20261126092900", pid(number))


def admitted(number: int = 1) -> str:
    return text(header("ADT^A01", f"ADM{number}"), "EVN|A01|20261126092900", pid(number), visit(number))


def discharged(number: int = 1) -> str:
    ended = visit(number) + "|20261126090000"
    return text(header("ADT^A03", f"DIS{number}"), "EVN|A03|20261126092900", pid(number), ended)


def ordered(number: int = 1) -> str:
    return text(
        header("ORM^O01", f"ORD{number}"), pid(number), visit(number),
        f"ORC|NW|O{number:04d}||||||20261126081000|||D01^李^明",
        f"OBR|1|O{number:04d}||24323-8^肝功能^LN|||20261126080000",
    )  # fmt: skip


def resulted(number: int = 1, value: str = "45", *, sex: str = "M") -> str:
    return text(
        header("ORU^R01", f"RES{number}"), pid(number, sex), visit(number),
        f"OBR|1|O{number:04d}|R{number:04d}|24323-8^肝功能^LN|||20261126080000|||||||||||||||20261126090000||LAB|F",
        f"OBX|1|NM|1742-6^丙氨酸氨基转移酶^LN||{value}|U/L|7-40|H|||F|||20261126080000",
    )  # fmt: skip


def hospital(most: int = 3) -> list[tuple[str, bytes]]:
    """Everything that a hospital's system has to send, of ``most`` patients."""
    makers = (registered, admitted, ordered, resulted, discharged)
    return [
        (f"{maker.__name__}-{number}.hl7", maker(number).encode())
        for number in range(1, most + 1)
        for maker in makers
    ]


def bench(door: Door = Door.HL7V2, kinds: str = points.ANY, codes: Codes | None = None) -> checking.Bench:
    sender = Sender(0, "h09", "第九医院", "org-h09", frozenset({door}))
    return checking.Bench(
        SCHEME, door, sender, SCHEME.kinds(kinds, door.value), codes or coding.NoTerminology()
    )


def check(files: Sequence[tuple[str, bytes]], on: checking.Bench | None = None) -> Report:
    used = on or bench()
    found = [one for name, body in files for one in samples.of_file(used.door, name, body)]
    return checking.check(used, found, now=NOW)


def of_point(report: Report, point: str) -> list[Finding]:
    return [one for one in report.findings if one.point == point]


def failing(report: Report) -> set[str]:
    """The points that do not hold."""
    return {mark.point for mark in report.marks if not mark.holds}

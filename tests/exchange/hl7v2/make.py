"""Messages for tests, and a desk that needs no database."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone

from xinglin.exchange.doors import Door, Sender
from xinglin.exchange.hl7v2 import door
from xinglin.exchange.hl7v2.answering import Caller
from xinglin.exchange.receipts import Delivery, Receipt, State
from xinglin.kernel.errors import busy
from xinglin.record import database

SENDER = Sender(1, "h01", "Laboratory of the First Hospital", "org-h01", frozenset({Door.HL7V2}))
NOW = datetime(2026, 11, 26, 9, 30, tzinfo=timezone(timedelta(hours=8)))


def header(
    kind: str, control: str = "M1", version: str = "2.5.1", charset: str = "UNICODE UTF-8", **more: str
) -> str:
    """MSH. ``more``: f15 and the like."""
    fields = [
        "MSH",
        "^~\\&",
        "LIS",
        "H01",
        "XINGLIN",
        "REGION",
        "20261126093000",
        "",
        kind,
        control,
        "P",
        version,
    ]
    fields += [""] * 5 + [charset]
    for name, value in more.items():
        number = int(name[1:]) - 1
        fields += [""] * (number + 1 - len(fields))
        fields[number] = value
    return "|".join(fields)


def segment(name: str, **fields: str) -> str:
    """A segment with its fields by number: ``f12="DOC1"``."""
    numbers = {int(field[1:]): value for field, value in fields.items()}
    return "|".join([name, *[numbers.get(number, "") for number in range(1, max(numbers, default=0) + 1)]])


def text(*segments: str) -> str:
    return "".join(f"{segment}\r" for segment in segments)


def message(*segments: str, charset: str = "utf-8") -> bytes:
    return text(*segments).encode(charset)


PID = (
    "PID|1||P0001^^^H01^PI~450103198001022046^^^GA^NI||韦^桂兰||19800102|F|||"
    "民族大道1号^^南宁市^广西壮族自治区^530000^CHN^H||13800138000^PRN^CP"
)
PV1 = "PV1|1|I|ICU^01^02^H01||||D01^李^明|||||||1|||D01^李^明||V0001|||||||||||||||||||||||||20261120080000"


def results(control: str = "M1", charset: str = "UNICODE UTF-8", **more: str) -> str:
    """An ORU^R01 of five results."""
    return text(
        header("ORU^R01^ORU_R01", control, charset=charset, **more),
        PID,
        PV1,
        "ORC|RE|O0001|R0001",
        "OBR|1|O0001|R0001|24323-8^肝功能^LN|||20261126080000|||||||||D01^李^明||||||20261126090000||LAB|F|||||||D02&王&芳",
        "OBX|1|NM|1742-6^丙氨酸氨基转移酶^LN||45.0|U/L|7-40|H|||F|||20261126083000",
        "OBX|2|NM|1920-8^天冬氨酸氨基转移酶^LN||30|U/L|13-35|N|||F",
        "OBX|3|NM|1975-2^总胆红素^LN||12.40|umol/L|3.4-20.5|N|||F",
        "OBX|4|ST|HBSAG^乙肝表面抗原||阴性||阴性|N|||F",
        "OBX|5|NM|6690-2^白细胞计数^LN||6.1|10^9/L|3.5~9.5|N|||F",
        "NTE|1||标本无溶血",
        "SPM|1|S0001||BLD^血液^HL70487|||||||||||||20261126080000|20261126081500",
    )


@dataclass
class StandIn:
    """A desk that keeps messages in memory and works them with the real handler."""

    senders: dict[tuple[str, str], Sender] = field(default_factory=lambda: {("LIS", "H01"): SENDER})
    certificates: dict[str, Sender] = field(default_factory=dict)
    kept: list[bytes] = field(default_factory=list)
    busy_times: int = 0
    fails: bool = False
    gate: threading.Event | None = None
    entered: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def sender(self, caller: Caller, application: str, facility: str) -> Sender | None:
        return self.certificates.get(caller.certificate) or self.senders.get((application, facility))

    def deliver(self, delivery: Delivery) -> Receipt:
        return self._receive(delivery, worked=True)

    def take(self, delivery: Delivery) -> Receipt:
        return self._receive(delivery, worked=False)

    def now(self) -> datetime:
        return NOW

    def leave(self) -> None:
        database.close()  # the handler has asked for mappings of the sender's own

    def _receive(self, delivery: Delivery, *, worked: bool) -> Receipt:
        self.entered.set()
        if self.gate is not None:
            self.gate.wait(20)
        with self._lock:
            if self.fails:
                raise OSError("the disk is full")
            if self.busy_times:
                self.busy_times -= 1
                raise busy("Too many wait.")
            repeated = delivery.body in self.kept
            self.kept.append(delivery.body)
            number = f"r{len(self.kept)}"
        if not worked:
            return Receipt(number, State.RECEIVED, (), repeated)
        told = door.Handler().translate(delivery.body, delivery.media, delivery.sender)
        state = State.STORED if told.is_usable else State.QUARANTINED
        return Receipt(number, state, told.reasons, repeated)

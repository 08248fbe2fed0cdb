"""HL7 v2: reading and mapping a message in one thread, beside two other parsers, and messages a second over MLLP.

Usage: python benchmarks/hl7v2.py [--messages 3000] [--connections 16] [--workers 1] [--seconds 20] [--parse-only]

A message is an ORU^R01 of five results, each with an id of its own. Reading is measured with ``hl7apy`` and ``hl7``
beside it where they are installed. Over MLLP: a database, ``xinglin mllp`` as it is started in earnest, and a process
of senders, each on one connection, that send the next message when the last is answered; everything on one machine.
"""

from __future__ import annotations

import argparse
import gc
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil

sys.path.insert(0, str(Path(__file__).resolve().parent))
from people import person

RUN = [sys.executable, "-m", "xinglin.config.command"]
TARGET, FLOOR = 1_000, 400

_ITEMS = (
    ("1742-6^丙氨酸氨基转移酶^LN", "45.0", "U/L", "7-40", "H"),
    ("1920-8^天冬氨酸氨基转移酶^LN", "30", "U/L", "13-35", "N"),
    ("1975-2^总胆红素^LN", "12.40", "umol/L", "3.4-20.5", "N"),
    ("2885-2^总蛋白^LN", "70.1", "g/L", "65-85", "N"),
    ("1751-7^白蛋白^LN", "41.2", "g/L", "40-55", "N"),
)


def message(number: int, patients: int = 500) -> bytes:
    """The message with that number: the next report of one of so many patients, none like another."""
    patient = number * 7919 % patients
    about = person(patient)
    lines = [
        f"MSH|^~\\&|LIS|H01|XINGLIN|REGION|20261126093000||ORU^R01^ORU_R01|M{number}|P|2.5.1||||||UNICODE UTF-8",
        f"PID|1||P{patient}^^^H01^PI||{about.surname}^{about.given}||{about.born:%Y%m%d}|{'?MF'[int(about.sex)]}|||{patient}号^^南宁市||{about.phone}",
        f"PV1|1|I|ICU^01^02^H01||||D01^李^明||||||||||||V{patient}",
        f"OBR|1|O{number}|R{number}|24323-8^肝功能^LN|||20261126080000|||||||||D01^李^明||||||20261126090000||LAB|F",
    ]
    lines += [
        f"OBX|{place}|NM|{code}||{value}|{unit}|{span}|{flag}|||F|||20261126083000"
        for place, (code, value, unit, span, flag) in enumerate(_ITEMS, 1)
    ]
    return "".join(f"{line}\r" for line in lines).encode()


def timed(name: str, work: Any, bodies: list[bytes]) -> float:
    """Microseconds of processor time a message, so that other work on the machine does not count."""
    for body in bodies[:50]:
        work(body)
    start = time.thread_time()
    for body in bodies:
        work(body)
    found = (time.thread_time() - start) / len(bodies) * 1e6
    print(f"{name:42} {found:10.1f} µs a message")
    return found


def reading(count: int) -> None:
    import django

    os.environ.setdefault("DATABASE_URL", "postgresql:///none")
    os.environ["DJANGO_SETTINGS_MODULE"] = "xinglin.config.settings"
    django.setup()
    from xinglin.exchange.doors import Door, Sender
    from xinglin.exchange.hl7v2 import door, messages, paths, structures
    from xinglin.exchange.mapping import holding

    holding.feed_with(dict)  # no institution has mappings of its own, and there is no database
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)  # as the server has it
    sender = Sender(1, "h01", "Laboratory", "org", frozenset({Door.HL7V2}))
    handler = door.Handler()
    bodies = [message(number) for number in range(count)]
    own = timed("xinglin: read", messages.read, bodies)

    def every_value(body: bytes) -> None:
        read = messages.read(body)
        for segment in read.segments:
            for number in range(1, len(segment.fields)):
                for part in paths.fields(segment, number):
                    _ = part.text

    every = timed("xinglin: read, and every field's text", every_value, bodies)

    def sorted_(body: bytes) -> None:
        read = messages.read(body)
        structures.assemble(read, structures.structures()[read.kind])

    timed("xinglin: read and sort into groups", sorted_, bodies)
    timed("xinglin: read, sort and map to FHIR", lambda body: handler.translate(body, "", sender), bodies)
    _others(bodies, own, every)


def _others(bodies: list[bytes], own: float, every: float) -> None:
    texts = [body.decode() for body in bodies]
    with suppress(ImportError):
        import hl7

        found = timed("hl7: parse", hl7.parse, texts)  # type: ignore[arg-type]
        print(f"{'':42} {found / own:10.1f} times our reading")
    with suppress(ImportError):
        from hl7apy.consts import VALIDATION_LEVEL
        from hl7apy.parser import parse_message

        few = texts[: max(len(texts) // 20, 60)]

        def whole(text: str) -> None:
            parse_message(text, validation_level=VALIDATION_LEVEL.TOLERANT)

        found = timed("hl7apy: parse, tolerant, with groups", whole, few)  # type: ignore[arg-type]
        print(f"{'':42} {found / every:10.1f} times our reading of every field")


# -- end to end


class Senders:
    """Connections that send as fast as they are answered."""

    def __init__(self, port: int, connections: int, first: int = 0) -> None:
        self._port, self._connections = port, connections
        self._next = iter(range(first, 1 << 40))
        self._lock = threading.Lock()
        self.times: list[float] = []
        self.refused: dict[str, int] = {}

    def run(self, seconds: float) -> float:
        """Messages accepted a second."""
        until = time.perf_counter() + seconds
        threads = [threading.Thread(target=self._one, args=(until,)) for _ in range(self._connections)]
        start = time.perf_counter()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return len(self.times) / (time.perf_counter() - start)

    def _one(self, until: float) -> None:
        with socket.create_connection(("127.0.0.1", self._port), timeout=60) as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            while (began := time.perf_counter()) < until:
                with self._lock:
                    number = next(self._next)
                connection.sendall(b"\x0b" + message(number) + b"\x1c\r")
                answer = b""
                while not answer.endswith(b"\x1c\r"):
                    data = connection.recv(1 << 16)
                    if not data:
                        raise SystemExit("the server has closed the connection")
                    answer += data
                code = answer.split(b"MSA|", 1)[1][:2].decode()
                with self._lock:
                    if code == "AA":
                        self.times.append(time.perf_counter() - began)
                    else:
                        self.refused[code] = self.refused.get(code, 0) + 1


def over_the_network(seconds: float, connections: int, workers: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        os.environ["XINGLIN_HOME"] = str(home)
        from xinglin.config import embedded

        os.environ["DATABASE_URL"] = embedded.ensure_running(home)
        try:
            _driven(seconds, connections, workers)
        finally:
            embedded.stop(home)


def _driven(seconds: float, connections: int, workers: int) -> None:
    _register()
    port = _free_port()
    command = [*RUN, "mllp", "--port", str(port), "--workers", str(workers)]
    server = subprocess.Popen(command, env=os.environ | {"PYTHONHASHSEED": "0"})
    try:
        _wait_for(port)
        Senders(port, connections).run(3)  # so that all is warm
        senders = Senders(port, connections, first=1 << 30)
        before = spent(server.pid)
        rate = senders.run(seconds)
        costs = [
            (after - then) / len(senders.times) * 1e3
            for after, then in zip(spent(server.pid), before, strict=True)
        ]
        times = sorted(senders.times)
        print(f"over MLLP, {connections} connections, {workers} process(es): {rate:.0f} messages/s accepted")
        print(f"{'':42} target {TARGET}, floor {FLOOR}; not accepted: {senders.refused or 'none'}")
        middle, late = times[len(times) // 2] * 1000, times[int(len(times) * 0.99)] * 1000
        print(f"{'':42} answered after {middle:.1f} ms (median), {late:.1f} ms (99 %)")
        print(f"{'':42} processor time of a message: {costs[0]:.2f} ms here, {costs[1]:.2f} ms in the database,"
              f" {costs[2]:.2f} ms at the senders: {2000 / sum(costs):.0f} messages/s on two cores")  # fmt: skip
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(60)


def spent(server: int) -> tuple[float, float, float]:
    """Seconds of processor time so far: of the server, of the database, and of the senders, which are we."""
    database = [process for process in psutil.process_iter(["name", "environ"]) if _is_ours(process)]
    return (
        sum(
            _seconds(one)
            for one in [psutil.Process(server), *psutil.Process(server).children(recursive=True)]
        ),
        sum(_seconds(one) for one in database),
        _seconds(psutil.Process()),
    )


def _is_ours(process: psutil.Process) -> bool:
    """Whether it belongs to the database below XINGLIN_HOME."""
    with suppress(psutil.Error):
        if process.name() == "postgres":
            return any(os.environ["XINGLIN_HOME"] in part for part in (process.cwd(), *process.cmdline()))
    return False


def _seconds(process: psutil.Process) -> float:
    with suppress(psutil.Error):
        used = process.cpu_times()
        return float(used.user + used.system)
    return 0.0


def _register() -> None:
    """A platform with one sender."""
    import django

    os.environ["DJANGO_SETTINGS_MODULE"] = "xinglin.config.settings"
    django.setup()
    from django.core.management import call_command

    call_command("migrate", interactive=False, verbosity=0)
    from xinglin.exchange import senders
    from xinglin.exchange.doors import Door
    from xinglin.kernel import clock
    from xinglin.kernel.actor import SYSTEM
    from xinglin.record import database, sealing

    sealing.settle()
    database.adopt()
    details = senders.Details(
        name="Laboratory", doors=[Door.HL7V2], application="LIS", facility="H01", networks=["127.0.0.1"]
    )
    senders.register(database.connection(), code="h01", details=details, actor=SYSTEM, now=clock.now())
    database.close()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(port: int) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.1)
    raise SystemExit("the server did not start")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--messages", type=int, default=3000)
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--parse-only", action="store_true")
    parser.add_argument("--network-only", action="store_true")
    options = parser.parse_args()
    if options.parse_only:
        reading(options.messages)
        return
    if not options.network_only:  # by a process of its own, since it has no database
        subprocess.run(
            [sys.executable, __file__, "--parse-only", "--messages", str(options.messages)], check=True
        )
    over_the_network(options.seconds, options.connections, options.workers)


if __name__ == "__main__":
    main()

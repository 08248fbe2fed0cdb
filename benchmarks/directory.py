"""How fast the directory takes files in, and finds things by code and name.

    python benchmarks/directory.py --lines 20000

Makes a database of its own in the home given, a region of institutions and a file of their departments. Prints lines
a second of the dry run, of the first load and of a second one that changes nothing, each beside ``csv.reader`` alone
over the same file; then look-ups a second.
"""

from __future__ import annotations

import argparse
import csv
import os
import resource
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_INSTITUTIONS = 1000
_BAD = 10


def _begin(home: Path) -> None:
    os.environ["XINGLIN_HOME"] = str(home)
    os.environ["DJANGO_SETTINGS_MODULE"] = "xinglin.config.settings"
    from xinglin.config import embedded

    os.environ["DATABASE_URL"] = embedded.ensure_running(home)
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", interactive=False, verbosity=0)


def credit(serial: int) -> str:
    """A unified social credit code of a body that does not exist."""
    from xinglin.kernel import checkdigits

    body = f"12459802{serial:08d}0"
    return body + checkdigits.social_credit(body)


def files(folder: Path, lines: int) -> tuple[Path, Path, Path, Path]:
    """Divisions, institutions, departments, and departments with ten bad lines."""
    paths = tuple(folder / f"{name}.csv" for name in ("divisions", "institutions", "departments", "bad"))
    rows: list[list[list[str]]] = [
        [["区划代码", "名称"], ["45", "广西"], ["4598", "杏川市"], ["459802", "杏林区"]],
        [["统一社会信用代码", "机构名称", "机构类别", "行政区划代码"]]
        + [[credit(n), f"第{n}医院", "A100", "459802"] for n in range(_INSTITUTIONS)],
    ]
    head = ["机构代码", "科室代码", "科室名称", "诊疗科目", "电话"]
    body = [
        [credit(n % _INSTITUTIONS), f"D{n // _INSTITUTIONS:04d}", f"内科{n}病区", "03", f"0772-{n:07d}"]
        for n in range(lines)
    ]
    every = max(len(body) // _BAD, 1)
    bad = [[*line[:3], "第四科", line[4]] if n % every == 0 else line for n, line in enumerate(body)]
    for path, content in zip(paths, [*rows, [head, *body], [head, *bad]], strict=True):
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows(content)
    return paths  # type: ignore[return-value]  # four of them


def timed(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def carried_out(kind: str, path: Path, *, dry: bool) -> dict[str, int]:
    """The counts of one import."""
    from datetime import date

    from xinglin.directory.importing.run import Request, run
    from xinglin.kernel.actor import SYSTEM

    tally = run(Request(kind, path, path.with_suffix(".report"), SYSTEM, date(2026, 1, 1), dry=dry))
    return {fate.value: count for fate, count in tally.fates.items() if count}


def report_imports(departments: Path, bad: Path, lines: int) -> None:
    def read() -> None:
        with departments.open(encoding="utf-8", newline="") as file:
            for _ in csv.reader(file):
                pass

    alone = lines / timed(read)
    print(f"csv.reader alone         {alone:>12,.0f} lines/s")
    for name, path, dry in (
        (f"dry run, {_BAD} bad lines", bad, True),
        ("first load (check, write)", departments, False),
        ("second load (unchanged)", departments, False),
    ):
        started = time.perf_counter()
        counts = carried_out("departments", path, dry=dry)
        rate = lines / (time.perf_counter() - started)
        print(f"{name:<25}{rate:>12,.0f} lines/s  1/{alone / rate:,.0f} of csv.reader  {counts}")
    print(f"greatest memory          {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:>12,.0f} MB")


def report_lookups(seconds: float) -> None:
    from xinglin.directory.queries import finding
    from xinglin.record import database

    connection = database.connection()
    connection.execute("ANALYZE directory_entry, directory_code, directory_key")
    wanted = [credit(n) for n in range(_INSTITUTIONS)]
    for name, ask in (
        ("institution by code", lambda n: finding.institution_by_code(connection, wanted[n % _INSTITUTIONS])),
        ("search by initials", lambda n: finding.find(connection, f"d{n % 9 + 1}yy", limit=12)),
        ("search by name", lambda n: finding.find(connection, f"第{n % _INSTITUTIONS}医", limit=12)),
    ):
        times: list[float] = []
        started = time.perf_counter()
        while time.perf_counter() - started < seconds:
            times.append(timed(partial(ask, len(times))))
        times.sort()
        rate = len(times) / (time.perf_counter() - started)
        print(f"{name:<25}{rate:>12,.0f} /s  p50 {times[len(times) // 2] * 1000:.2f} ms"
              f"  p99 {times[int(len(times) * 0.99)] * 1000:.2f} ms")  # fmt: skip


def main() -> None:
    """Run everything once."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--lines", type=int, default=20_000)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--home", type=Path, help="default: a new directory, removed afterwards")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as made:
        home = given.home or Path(made)
        _begin(home)
        from xinglin.config import embedded

        try:
            divisions, institutions, departments, bad = files(home, given.lines)
            carried_out("divisions", divisions, dry=False)
            carried_out("institutions", institutions, dry=False)
            report_imports(departments, bad, given.lines)
            report_lookups(given.seconds)
        finally:
            from xinglin.record import database

            database.close()
            if given.home is None:
                embedded.stop(home)


if __name__ == "__main__":
    main()

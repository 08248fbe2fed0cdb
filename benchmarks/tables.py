"""Tables: rows a second from a file in a watched folder to the record, everything included.

Usage: python benchmarks/tables.py [--rows 20000] [--kind laboratory|hypertension] [--bad 0.001]

A laboratory's file has five results of each patient; one of follow-up visits has a patient in every row, from which
about a dozen resources come. Reading the file, checking every cell, custody, mapping, writing and indexing are counted,
and so is the start of the command. Server, database and watcher share the machine.
"""

from __future__ import annotations

import argparse
import csv
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg

sys.path.insert(0, str(Path(__file__).resolve().parent))
from people import person

from exchange import RUN, start

if TYPE_CHECKING:
    from collections.abc import Iterator

_LABORATORY = (
    "患者编号", "姓名", "性别代码", "出生日期", "检验报告单号", "报告日期时间", "检验项目代码", "检验项目名称",
    "检验定量结果", "计量单位", "参考范围下限", "参考范围上限",
)  # fmt: skip
_HYPERTENSION = (
    "患者编号", "姓名", "性别代码", "出生日期", "随访日期", "随访方式代码", "收缩压(mmHg)", "舒张压(mmHg)", "体重(kg)",
    "身高(cm)", "心率(次/min)", "随访评价结果代码", "下次随访日期", "用药名称", "用药用法",
)  # fmt: skip


def _about(number: int) -> list[str]:
    about = person(number)
    return [f"P{number:05d}", about.name, about.sex, f"{about.born:%Y%m%d}"]


def laboratory(rows: int) -> Iterator[list[str]]:
    for number in range(rows):
        patient, item = divmod(number, 5)
        yield [
            *_about(patient % 4000),
            f"BG{patient:06d}", "20261103T113000", f"T{item}", f"项目{item}", f"{4 + item + patient % 9 / 10:.1f}",
            "mmol/L", "3.5", "9.5",
        ]  # fmt: skip


def hypertension(rows: int) -> Iterator[list[str]]:
    for number in range(rows):
        yield [
            *_about(number % 4000),
            f"2026{1 + number // 4000 % 12:02d}{1 + number % 28:02d}", "1", str(120 + number % 40),
            str(70 + number % 25), f"{50 + number % 30}.5", "160", str(60 + number % 30), "1", "20270203",
            "硝苯地平缓释片", "每次20mg",
        ]  # fmt: skip


def write(path: Path, kind: str, rows: int, bad: float) -> None:
    """The file, in GBK, with some rows whose sex is no code."""
    each = round(1 / bad) if bad else 0
    with path.open("w", encoding="gb18030", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(_LABORATORY if kind == "laboratory" else _HYPERTENSION)
        for number, row in enumerate((laboratory if kind == "laboratory" else hypertension)(rows), 1):
            if each and number % each == 0:
                row[2] = "7"
            writer.writerow(row)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--kind", choices=("laboratory", "hypertension"), default="laboratory")
    parser.add_argument("--bad", type=float, default=0.001)
    parser.add_argument("--port", type=int, default=8126)
    parser.set_defaults(workers=1, threads=1)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        inbox = home / "inbox"
        inbox.mkdir()
        write(inbox / "table.csv", given.kind, given.rows, given.bad)
        os.environ["XINGLIN_EXCHANGE"] = "0"
        server, _ = start(home, given)
        try:
            subprocess.run([*RUN, "exchange", "sender", "change", "bench", "--door", "table"], check=True)
            begun = time.perf_counter()
            told = subprocess.run(
                [*RUN, "exchange", "watch", str(inbox), "--sender", "bench", "--once"],
                check=True, capture_output=True, text=True,
            )  # fmt: skip
            elapsed = time.perf_counter() - begun
            with psycopg.connect(f"postgresql://postgres@/xinglin?host={home / 'postgresql'}") as connection:
                row = connection.execute(
                    "SELECT (SELECT count(*) FROM record_resource), (SELECT count(*) FROM exchange_message)"
                ).fetchone()
        finally:
            server.terminate()
            server.wait(timeout=20)
            subprocess.run([*RUN, "stop"], check=False, stdout=subprocess.DEVNULL)
    resources, messages = row or (0, 0)
    print(told.stdout.strip())
    print(
        f"{given.rows / elapsed:,.0f} rows/s, {resources / elapsed:,.0f} resources/s, {messages:,} messages"
    )


if __name__ == "__main__":
    main()

"""How long a message of a clinic's system and a signed address take, without the database.

``python benchmarks/tcm_adapter.py [--rounds 2000]``. Each of the good samples is opened and translated, as its door
does.
"""

from __future__ import annotations

import argparse
import os
from datetime import UTC, datetime
from functools import partial

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "xinglin.config.settings")
os.environ.setdefault("DATABASE_URL", "postgresql:///unused")

import django
from timing import timed

django.setup()

from xinglin.exchange.doors import Sender  # noqa: E402 -- after Django's settings
from xinglin.exchange.mapping import holding  # noqa: E402 -- as above
from xinglin.tcm.adapter import messages, rules  # noqa: E402 -- as above
from xinglin.tcm.adapter.handler import Handler  # noqa: E402 -- as above

SENDER = Sender(1, "zyg01", "仁和中医馆")
FIELDS = {
    "system": "zyg01", "page": "AE_EDIT", "doctor": "D017", "patient": "P1001", "visit": "M20261127001",
    "time": "20261127092000", "nonce": "0123456789abcdef",
}  # fmt: skip


def message(body: bytes) -> None:
    handler = Handler()
    handler.open(body, "", SENDER)
    handler.translate(body, "", SENDER)


def address(fields: dict[str, str]) -> None:
    rules.require_signed("xla_example", fields)
    rules.require_fresh(rules.read(fields), datetime(2026, 11, 27, 1, 20, 30, tzinfo=UTC))


def main() -> None:
    holding.feed_with(dict)  # nobody has a mapping of their own
    reader = argparse.ArgumentParser(description=__doc__)
    reader.add_argument("--rounds", type=int, default=2000)
    rounds = reader.parse_args().rounds
    for path in sorted((messages.DATA / "samples" / "good").iterdir()):
        body = path.read_bytes()
        print(f"{path.name:28} median {timed(partial(message, body), rounds)[0]:.2f} ms")
    signed = {**FIELDS, "sign": rules.signature("xla_example", FIELDS)}
    median, high = timed(lambda: address(signed), rounds)
    print(f"{'signed address':28} median {median:.3f} ms, p99 {high:.3f} ms")


if __name__ == "__main__":
    main()

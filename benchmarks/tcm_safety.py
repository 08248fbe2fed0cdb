"""How long a check of a prescription takes, in the engine and through the server's view.

``python benchmarks/tcm_safety.py [--rounds 2000]``. Twenty herbs, many of which rules are about, for a person with
illnesses, allergies and other medicines; beside it the same for twenty herbs that nothing is said of.
"""

from __future__ import annotations

import argparse
import os
import time

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "xinglin.config.settings")
os.environ.setdefault("DATABASE_URL", "postgresql:///unused")

import django
from timing import timed

django.setup()

from xinglin.fhir import json  # noqa: E402 -- after Django's settings
from xinglin.tcm.safety import interface  # noqa: E402 -- as above
from xinglin.tcm.safety.checking import check  # noqa: E402 -- as above
from xinglin.tcm.safety.rulebook import shipped  # noqa: E402 -- as above
from xinglin.tcm.safety.values import Person  # noqa: E402 -- as above

GRAVE = (
    "附子 半夏 甘草 甘遂 细辛 麻黄 桂枝 白芍 当归 川芎 红花 桃仁 丹参 石膏 朱砂 雄黄 大黄 人参 五灵脂 藜芦"
)
PLAIN = "黄芪 白术 茯苓 陈皮 桔梗 防风 荆芥 羌活 独活 前胡 香附 佛手 麦冬 玉竹 石斛 桑叶 连翘 杜仲 续断 竹茹"
PERSON = Person(
    "female",
    70,
    None,
    conditions=("kidney", "liver"),
    allergies=("海鲜", "花粉"),
    medicines=("华法林", "地高辛"),
)


def body(herbs: str) -> bytes:
    return json.dump({"lines": [{"name": name, "grams": 9} for name in herbs.split()], "doses": 7})


def main() -> None:
    reader = argparse.ArgumentParser(description=__doc__)
    reader.add_argument("--rounds", type=int, default=2000)
    rounds = reader.parse_args().rounds
    begun = time.perf_counter()
    counted = shipped().counted
    print(f"{counted} rules compiled in {time.perf_counter() - begun:.2f} s")
    for name, herbs in (("twenty with findings", GRAVE), ("twenty without", PLAIN)):
        text = body(herbs)

        def whole(text: bytes = text) -> bytes:
            """What the view does between request and answer."""
            given = interface.prescription(json.parse(text))
            return json.dump(interface.as_data(check(given, PERSON)))

        given = interface.prescription(json.parse(text))
        found = len(check(given, PERSON).findings)
        for part, what in (("engine", lambda given=given: check(given, PERSON)), ("with JSON", whole)):
            median, slow = timed(what, rounds)
            print(f"{name}, {found} findings, {part}: median {median:.2f} ms, p99 {slow:.2f} ms")


if __name__ == "__main__":
    main()

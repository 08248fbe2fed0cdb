"""Differentiation: milliseconds of a proposal, and of choosing for a case, beside reading the text alone.

Usage: python benchmarks/tcm_differentiation.py [--rounds 20]

The texts are a dozen of made-up patients. Everything is done in one process, after the shipped knowledge has been read.
"""

from __future__ import annotations

import argparse
import os
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_TEXTS = (
    "胁肋胀痛，情志抑郁则甚，胸闷嗳气，食少，口苦，无发热，舌苔薄白，脉弦。",
    "畏寒肢冷，腰膝酸软，夜尿频多，五更泄泻，舌淡胖有齿痕，苔白滑，脉沉迟无力。",
    "发热恶风，咽痛口干，咳嗽痰黄，汗出不畅，舌边尖红，苔薄黄，脉浮数。",
    "心悸健忘，失眠多梦，食少便溏，神疲乏力，面色萎黄，舌淡苔薄，脉细弱。",
    "头晕目眩，耳鸣，五心烦热，盗汗，腰酸，口干咽燥，舌红少苔，脉细数。",
    "胸痛如刺，痛处固定，入夜尤甚，唇甲青紫，舌质紫暗有瘀斑，脉涩。",
    "脘腹胀满，口黏纳呆，大便不爽，肢体困重，小便短黄，舌红苔黄腻，脉滑数。",
    "咳喘痰多清稀，胸闷，形寒背冷，面浮肢肿，舌淡苔白腻，脉弦滑。",
)
_MECHANISMS = dict(
    zip(
        "ABCDEFGHIJ",
        [
            "肝气郁结",
            "肾阳亏虚",
            "风热犯肺",
            "心脾两虚",
            "阴虚火旺",
            "瘀血阻络",
            "湿热中阻",
            "痰饮停肺",
            "胃气上逆",
            "寒湿困脾",
        ],
        strict=True,
    )
)
_SYNDROMES = dict(
    zip(
        "ABCDEFGHIJ",
        [
            "肝郁气滞",
            "脾肾阳虚",
            "风热袭表",
            "气血亏虚",
            "肝肾阴虚",
            "心血瘀阻",
            "脾胃湿热",
            "寒饮伏肺",
            "热伤肺络",
            "肝阳上亢",
        ],
        strict=True,
    )
)


def timed(name: str, work: Callable[[str], object], rounds: int) -> float:
    """Median and 99 % of processor time a text; the median is returned."""
    for text in _TEXTS:
        work(text)
    times = []
    for _ in range(rounds):
        for text in _TEXTS:
            begun = time.thread_time()
            work(text)
            times.append((time.thread_time() - begun) * 1e3)
    times.sort()
    middle = times[len(times) // 2]
    print(f"{name:28} median {middle:6.2f} ms, 99 % {times[int(len(times) * 0.99)]:6.2f} ms")
    return middle


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=20)
    given = parser.parse_args()
    os.environ.setdefault("DATABASE_URL", "postgresql:///none")
    os.environ["DJANGO_SETTINGS_MODULE"] = "xinglin.config.settings"
    import django

    django.setup()
    from xinglin.tcm.differentiation import choosing, proposing, reading
    from xinglin.tcm.differentiation.weights import weights

    begun = time.perf_counter()
    proposing.propose(_TEXTS[0])
    print(f"{'read what is shipped':28} {(time.perf_counter() - begun) * 1e3:6.0f} ms, once for each process")
    alone = timed("read the text alone", reading.findings, given.rounds)
    choice = timed(
        "choose among 10 and 10",
        lambda text: choosing.choose(text, _MECHANISMS, _SYNDROMES, weights()),
        given.rounds,
    )
    whole = timed("a whole proposal", proposing.propose, given.rounds)
    print(f"{'':28} {choice / alone:.0f} and {whole / alone:.0f} times reading; target of a proposal 100 ms")


if __name__ == "__main__":
    main()

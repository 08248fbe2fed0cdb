"""How quickly codes are asked: ``python benchmarks/terminology.py [--concepts 30000] [--seconds 8]``.

A real server on a database of its own; client, server and database share the machine's cores. Everything is also
given as a ratio to a bare indexed SELECT of the same concepts over one connection, measured in the same run.
"""

from __future__ import annotations

import argparse
import random
import shutil
import tempfile
import time
from itertools import islice, product
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from client import drive
from run import Bench, served

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xinglin.terminology.values import Connection, System

ORGANS = "心 肝 脾 肺 肾 胃 胆 膀胱 大肠 小肠 甲状腺 前列腺 乳腺 胰腺 食管 气管 支气管 皮肤 骨 关节 脊柱 脑 脑膜 视网膜 角膜 中耳 鼻窦 喉 扁桃体 淋巴结".split()  # noqa: E501, SIM905 -- a list to be read
KINDS = "炎 溃疡 结石 囊肿 良性肿瘤 恶性肿瘤 出血 穿孔 梗阻 狭窄 扩张 萎缩 肥大 纤维化 硬化 脓肿 结核 损伤 异物 先天畸形 功能障碍 缺血 血栓 水肿 坏死".split()  # noqa: E501, SIM905
WAYS = "急性 慢性 亚急性 复发性 特发性 继发性 药物性 病毒性 细菌性 真菌性 过敏性 自身免疫性 放射性 外伤性 术后 妊娠期 新生儿 老年性 遗传性 代谢性 中毒性 寄生虫性 弥漫性 局限性 多发性 单发性 轻度 中度 重度 伴发热 伴感染 伴贫血 伴高血压 伴糖尿病 左侧 右侧 双侧 未特指 其他 疑似".split()  # noqa: E501, SIM905
TYPED = "gxy jxgy fei wei 炎 血 脑膜炎 mxw manxing jxf ganyinghua K1 K12.3 zhongdu xzb g x 急性 伴糖尿病 tnb bgxy".split()  # noqa: E501, SIM905
URL = "urn:benchmark:diseases"
REFERENCE = "a bare indexed SELECT, one connection"


def system(count: int) -> System:
    """Diseases by way, organ and kind, below a group for each organ."""
    from xinglin.terminology.values import About, Concept, System

    concepts = [Concept(f"K{n}", f"{organ}的疾病", abstract=True) for n, organ in enumerate(ORGANS)]
    for (o, organ), (k, kind), (w, way) in islice(
        product(enumerate(ORGANS), enumerate(KINDS), enumerate(WAYS)), count - len(concepts)
    ):
        concepts.append(Concept(f"K{o}.{k}{w:02}", f"{way}{organ}{kind}", (f"K{o}",)))
    return System(About(URL, "1", "file:benchmark", "Diseases", "疾病"), concepts)


def loaded(connection: Connection, count: int) -> list[str]:
    """Load it and two value sets; the codes."""
    from xinglin.terminology import actions
    from xinglin.terminology.values import About, ValueSet

    made = system(count)
    below = [
        {"system": URL, "filter": [{"property": "concept", "op": "is-a", "value": f"K{n}"}]}
        for n in range(10)
    ]
    begun = time.perf_counter()
    with connection.transaction():
        actions.keep(connection=connection, kept=made)
    elapsed = time.perf_counter() - begun
    for name, include in (("whole", [{"system": URL}]), ("part", below)):
        with connection.transaction():
            about = About(f"{URL}/{name}", "1", "file:benchmark")
            actions.keep(connection=connection, kept=ValueSet(about, {"include": include}))
    rows = connection.execute("SELECT count(*) FROM terminology_key").fetchone()
    connection.execute("VACUUM ANALYZE")
    print(
        f"loading {len(made.concepts):,} concepts with {rows[0] if rows else 0:,} keys: {elapsed:.1f} s,"
        f" {elapsed / len(made.concepts) * 1e6:.0f} µs each"
    )
    return [one.code for one in made.concepts]


def typed(codes: list[str]) -> list[str]:
    """What people may type to find one of the diseases: characters, initials, syllables, codes; each once."""
    from pypinyin import lazy_pinyin

    rng = random.Random(5)
    names = [way + organ + kind for way in WAYS for organ in ORGANS for kind in KINDS]
    found = set()
    while len(found) < 20_000:
        name = rng.choice(names)
        start = rng.randrange(len(name))
        part = name[start : start + rng.randint(1, 5)]
        spelt = lazy_pinyin(part)
        found.add(rng.choice([part, "".join(s[0] for s in spelt), "".join(spelt), rng.choice(codes)[:4]]))
    listed = sorted(found)
    rng.shuffle(listed)
    return listed


def reference(connection: Connection, codes: list[str], seconds: float) -> float:
    """Bare SELECTs a second."""
    rng = random.Random(1)
    begun = time.perf_counter()
    count = 0
    while time.perf_counter() - begun < seconds / 2:
        connection.execute(
            "SELECT display FROM terminology_concept WHERE system = 1 AND code = %s",
            [rng.choice(codes)],
            prepare=True,
        ).fetchone()
        count += 1
    return count / (time.perf_counter() - begun)


def requests(bench: Bench, paths: list[str], seed: int) -> Iterator[bytes]:
    rng = random.Random(seed)
    while True:
        yield bench.get(rng.choice(paths))


def measure(bench: Bench, what: str, paths: list[str], options: argparse.Namespace, bare: float) -> None:
    for connections in (1, 8):
        result = drive(
            bench.port, requests(bench, paths, connections), connections=connections, seconds=options.seconds
        )
        print(
            f"{what:<50} {connections} client{'s' if connections > 1 else ' '} {result.rate:>8,.0f}/s"
            f"  p50 {result.percentile(0.5):6.2f} ms  p99 {result.percentile(0.99):6.2f} ms"
            f"  {result.rate / bare:6.3f} of {REFERENCE}",
            flush=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--concepts", type=int, default=30_000)
    parser.add_argument("--seconds", type=float, default=8.0)
    options = parser.parse_args()
    home = Path(tempfile.mkdtemp(prefix="xinglin-terms-"))
    bench, server = served(home)
    try:
        from xinglin.record import database

        connection = database.connection()
        codes = loaded(connection, options.concepts)
        bare = reference(connection, codes, options.seconds)
        print(f"{REFERENCE}: {bare:,.0f}/s")
        lookup = [f"/fhir/CodeSystem/$lookup?system={URL}&code={code}" for code in codes]
        measure(bench, "$lookup, any code (first seen)", lookup, options, bare)
        measure(bench, "$lookup, 500 codes", lookup[:500], options, bare)
        check = [f"/fhir/CodeSystem/$validate-code?url={URL}&code={code}" for code in codes]
        measure(bench, "CodeSystem/$validate-code, any code", check, options, bare)
        within = [f"/fhir/ValueSet/$validate-code?url={URL}/part&system={URL}&code={code}" for code in codes]
        measure(bench, "ValueSet/$validate-code, any code", within, options, bare)
        for name in ("whole", "part"):
            for said, texts in (("any text", typed(codes)), ("one of 21 texts", TYPED)):
                paths = [
                    f"/fhir/ValueSet/$expand?url={URL}/{name}&filter={quote(text)}&count={count}"
                    for text in texts
                    for count in ((20,) if len(texts) > len(TYPED) else range(15, 65))
                ]
                measure(bench, f"$expand with {said}, {name} of {len(codes):,}", paths, options, bare)
    finally:
        server.terminate()
        server.wait()
        from xinglin.config import embedded

        embedded.stop(home)
        shutil.rmtree(home, ignore_errors=True)


if __name__ == "__main__":
    main()

"""How long a keystroke takes in the browser's list of herbs, without the browser: ``python benchmarks/herb_search.py``.

Needs Node. The list is made from the shipped knowledge; every prefix of some names, pinyin and
initials is looked for, twenty rounds. Prints the size of the list and percentiles of one search. What drawing adds is
printed by ``pytest tests/browser/test_knowledge.py -s``.
"""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "src"))

from xinglin.tcm.knowledge import shipped  # noqa: E402 -- the path is needed first
from xinglin.terminology import spelling  # noqa: E402 -- as above

MODULE = ROOT / "src" / "xinglin" / "tcm" / "knowledge" / "static" / "tcm" / "herb-search.js"
TYPED = [
    "huangqi",
    "hq",
    "dangg",
    "gancao",
    "fuzi",
    "黄芪",
    "丹皮",
    "zhigancao",
    "cx",
    "yl",
    "chaihu",
    "sanqi",
    "b",
    "sh",
]
SCRIPT = """
globalThis.HTMLElement = class {}; globalThis.customElements = { define() {} };
const { find, prepared } = await import(process.argv[2]);
const list = prepared(JSON.parse((await import("node:fs")).readFileSync(process.argv[3], "utf8")));
const typed = JSON.parse(process.argv[4]); const times = [];
for (let round = 0; round < 20; round += 1) for (const word of typed) for (let n = 1; n <= word.length; n += 1) {
  const begun = performance.now(); find(list, word.slice(0, n)); times.push(performance.now() - begun); }
times.sort((a, b) => a - b); const at = (p) => times[Math.min(times.length - 1, Math.floor(times.length * p))];
console.log(`${list.length} names, ${times.length} keystrokes: median ${at(0.5).toFixed(2)} ms,`
  + ` 95% ${at(0.95).toFixed(2)} ms, 99% ${at(0.99).toFixed(2)} ms, slowest ${at(1).toFixed(2)} ms`);
"""


def rows() -> list[list[object]]:
    """The rows of ``herbs.rows``, out of the shipped files."""
    said: dict[str, dict[str, list[shipped.Shipped]]] = defaultdict(lambda: defaultdict(list))
    for fact in shipped.facts():
        said[fact.term][fact.predicate].append(fact)
    found: list[list[object]] = []
    for id_, kind, name, _, pinyin in shipped.terms():
        if kind not in ("herb", "piece"):
            continue
        dose = json.loads(said[id_]["dose"][0].data) if said[id_]["dose"] else {}
        way = said[id_]["decoction"][0].value if said[id_]["decoction"] else ""
        aliases: list[str] = []
        for predicate, mark in (("alias", ""), ("ambiguous-alias", "?")):
            for fact in said[id_][predicate]:
                keys = spelling.term_keys("", fact.value)
                aliases += [
                    mark + fact.value,
                    next((key.initials for key in keys if key.initials), None) or "",
                ]
        found.append([id_, name, pinyin, dose.get("low"), dose.get("high"), way, aliases])
    return found


def main() -> None:
    data = json.dumps({"herbs": rows()}, ensure_ascii=False, separators=(",", ":")).encode()
    print(f"list: {len(data) / 1024:.0f} KB, {len(gzip.compress(data)) / 1024:.0f} KB compressed")
    with tempfile.TemporaryDirectory() as folder:
        module, listed, script = (Path(folder) / name for name in ("herbs.mjs", "herbs.json", "timing.mjs"))
        module.write_text(MODULE.read_text(encoding="utf-8"), encoding="utf-8")
        listed.write_bytes(data)
        script.write_text(SCRIPT, encoding="utf-8")
        subprocess.run(["node", str(script), str(module), str(listed), json.dumps(TYPED)], check=True)


if __name__ == "__main__":
    main()

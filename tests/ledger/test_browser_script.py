"""The script that verifies in the browser says the same as ``verification``.

It is run by Node.js, which has the same WebCrypto.
"""

from __future__ import annotations

import json
import random
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.ledger.test_proofs import EVENT, WITNESSES, policy, proof, same_key
from xinglin.crypto import signed_notes
from xinglin.crypto.signed_notes import NoteError
from xinglin.ledger import policies, verification

SCRIPT = Path(__file__).parents[2] / "src" / "xinglin" / "ledger" / "static" / "ledger" / "proof.js"
HERE = Path(__file__).parent


def by_script(cases: list[tuple[str, str]]) -> list[dict[str, Any]]:
    if shutil.which("node") is None:
        pytest.skip("Node.js is not installed")
    done = subprocess.run(
        ["node", "--no-warnings", "--experimental-default-type=module", HERE / "verify_all.mjs", SCRIPT],
        input=json.dumps([{"text": text, "policy": p} for text, p in cases]),
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def by_us(text: str, trusted: str) -> dict[str, Any]:
    report = verification.verify(text, policies.parse(trusted))
    return {
        "holds": report.holds,
        "event": report.event,
        "outcomes": [[f.step.value, f.outcome.value] for f in report.findings],
    }


TRUSTED = policies.render(policy())


def test_right_proofs_and_wrong_ones_are_told_apart_as_we_do() -> None:
    ones = [
        proof(), proof(cosigners=3), proof(cosigners=1), proof(cosigners=0), proof(opened=False),
        proof(leaves=[b"x"] * 7),
    ]  # fmt: skip
    cases = [(one.text, TRUSTED) for one in ones]
    cases += [
        (ones[3].text, TRUSTED.partition("group")[0] + "quorum none\n"),
        ("", TRUSTED),
        ("nonsense\n\n", TRUSTED),
    ]

    found = by_script(cases)

    assert found == [by_us(*case) for case in cases]
    assert [one["holds"] for one in found] == [True, True, False, False, True, False, True, False, False]
    assert found[0]["event"] == EVENT.decode()


def test_proofs_with_a_changed_bit_are_told_apart_as_we_do() -> None:
    whole = proof().text.encode()
    chance = random.Random(7)
    cases = []
    while len(cases) < 600:
        bit = chance.randrange(len(whole) * 8)
        changed = bytearray(whole)
        changed[bit // 8] ^= 1 << bit % 8
        try:
            cases.append((changed.decode(), TRUSTED))
        except UnicodeDecodeError:
            continue

    found = by_script(cases)

    ours = [by_us(*case) for case in cases]
    differing = [
        (case[0], one, other)
        for case, one, other in zip(cases, found, ours, strict=True)
        if one["holds"] != other["holds"]
    ]
    assert differing == []
    assert sum(one["holds"] for one in found) < len(found) / 3


@pytest.mark.parametrize(
    "text",
    [
        "", "quorum none\nquorum none", "quorum w", "group g 1 w\nquorum g", "nonsense\nquorum none",
        f"witness none {WITNESSES[0].verifier.text}\nquorum none",
        f"witness a {WITNESSES[0].verifier.text}\ngroup g 2 a\nquorum g",
        f"witness a {WITNESSES[0].verifier.text}\ngroup g any a\ngroup h any a\nquorum h",
        f"witness a {same_key('x', signed_notes.LOG).verifier.text}\nquorum none",
        "log name+00000000+AAAA\nquorum none",
    ],
)  # fmt: skip
def test_wrong_policies_are_refused_by_both(text: str) -> None:
    (found,) = by_script([(proof().text, text)])

    assert "policy" in found
    with pytest.raises(NoteError):
        policies.parse(text)


def test_the_whole_tree_of_any_small_size_is_verified(monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.ledger import test_proofs
    from xinglin.ledger import checkpoints, proofs, tiles, tree

    cases = []
    for size in (1, 2, 3, 7, 8, 9, 255, 256, 257, 300):
        leaves = [b"%d" % n for n in range(size)]
        edge = tiles.Edge()
        held = edge.add(map(tree.leaf_hash, leaves))
        node = tiles.nodes(lambda level, number, held=held: held[level, number])
        text = checkpoints.Checkpoint(test_proofs.ORIGIN, size, edge.root()).text
        note = signed_notes.Note(text, (signed_notes.sign(text, test_proofs.LOG),))
        for index in {0, 1, size // 2, size - 1} & set(range(size)):
            made = proofs.Proof(index, tuple(tree.inclusion(node, index, size)), note, leaves[index])
            cases.append((made.text, f"log {test_proofs.LOG.verifier.text}\nquorum none\n"))

    assert {one["holds"] for one in by_script(cases)} == {True}

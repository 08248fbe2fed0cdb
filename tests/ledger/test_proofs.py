"""Proof files, policies and verification, without a database."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from xinglin.crypto import signed_notes
from xinglin.crypto.signed_notes import NoteError, SigningKey
from xinglin.ledger import checkpoints, entries, policies, proofs, tiles, tree, verification
from xinglin.ledger.verification import Outcome, Step

ORIGIN = "region.example/ledger/log"


def same_key(name: str, type_: int) -> SigningKey:
    """A key that is the same in every process: the names of tests have it in them."""
    seed = hashlib.sha256(name.encode()).digest()
    return SigningKey(name, type_, Ed25519PrivateKey.from_private_bytes(seed))


LOG = same_key(ORIGIN, signed_notes.LOG)
WITNESSES = [same_key(f"witness.example/{n}", signed_notes.COSIGNER) for n in range(3)]
SALT = bytes(range(16))
EVENT = entries.canonical({"actor": "account/7", "who": "张三", "n": 1})
INDEX, SIZE = 3, 7


def entry(event: bytes = EVENT) -> entries.Entry:
    sha256, sm3 = entries.seal(SALT, event)
    return entries.Entry("access.read", "2026-03-01T08:00:00.000000Z", "access", 12, 0, sha256, sm3)


LEAVES = [f"entry {n}".encode() for n in range(SIZE)]
LEAVES[INDEX] = entry().bytes


def proof(*, cosigners: int = 2, opened: bool = True, leaves: list[bytes] = LEAVES) -> proofs.Proof:
    edge = tiles.Edge()
    held = edge.add(map(tree.leaf_hash, leaves))
    node = tiles.nodes(lambda level, number: held[level, number])
    text = checkpoints.Checkpoint(ORIGIN, len(leaves), edge.root()).text
    signatures = [
        signed_notes.sign(text, LOG),
        *(signed_notes.cosign(text, key, moment=1_772_352_000) for key in WITNESSES[:cosigners]),
    ]
    opening = proofs.Opening(SALT, EVENT) if opened else None
    hashes = tuple(tree.inclusion(node, INDEX, len(leaves)))
    return proofs.Proof(INDEX, hashes, signed_notes.Note(text, tuple(signatures)), leaves[INDEX], opening)


def policy(least: int = 2) -> policies.Policy:
    names = [f"w{n}" for n in range(len(WITNESSES))]
    lines = [f"log {LOG.verifier.text}"]
    lines += [f"witness {name} {key.verifier.text}" for name, key in zip(names, WITNESSES, strict=True)]
    lines += [f"group all-of-them {least} {' '.join(names)}", "quorum all-of-them"]
    return policies.parse("".join(f"{line}\n" for line in lines))


def outcomes(report: verification.Report) -> dict[Step, Outcome]:
    return {finding.step: finding.outcome for finding in report.findings}


def test_a_right_proof_holds_and_tells_the_event() -> None:
    report = verification.verify(proof().text, policy())

    assert report.holds
    assert outcomes(report) == dict.fromkeys(Step, Outcome.RIGHT)
    assert report.event == EVENT.decode()


def test_proofs_are_read_as_they_were_written() -> None:
    made = proof()

    assert proofs.parse(made.text) == made


def test_a_proof_that_does_not_open_its_entry_holds_too() -> None:
    report = verification.verify(proof(opened=False).text, policy())

    assert report.holds
    assert outcomes(report)[Step.OPENING] is Outcome.ABSENT


def test_too_few_witnesses_do_not_hold() -> None:
    report = verification.verify(proof(cosigners=1).text, policy())

    assert not report.holds
    assert outcomes(report)[Step.WITNESSES] is Outcome.WRONG


def test_without_a_quorum_no_witness_is_needed() -> None:
    report = verification.verify(proof(cosigners=0).text, policies.Policy(logs=[LOG.verifier]))

    assert report.holds
    assert outcomes(report)[Step.WITNESSES] is Outcome.ABSENT


def test_a_log_that_is_not_trusted_does_not_hold() -> None:
    stranger = signed_notes.make_key(ORIGIN, signed_notes.LOG)

    report = verification.verify(proof().text, policies.Policy(logs=[stranger.verifier]))

    assert not report.holds
    assert outcomes(report)[Step.SIGNATURE] is Outcome.WRONG


def test_an_event_that_was_changed_does_not_open_the_entry() -> None:
    made = proof()
    other = proofs.Proof(
        made.index, made.hashes, made.checkpoint, made.entry, proofs.Opening(SALT, EVENT.replace(b"7", b"8"))
    )

    report = verification.verify(other.text, policy())

    assert not report.holds
    assert outcomes(report)[Step.OPENING] is Outcome.WRONG


WHOLE = proof().text.encode()


@settings(max_examples=400)
@given(st.integers(0, len(WHOLE) * 8 - 1))
def test_a_changed_bit_anywhere_in_a_proof_never_proves_anything_else(bit: int) -> None:
    changed = bytearray(WHOLE)
    changed[bit // 8] ^= 1 << bit % 8
    try:
        text = changed.decode()
    except UnicodeDecodeError:
        return

    report = verification.verify(text, policy())

    if report.holds:  # what is not authenticated: the name of the extra line, an unknown signature
        assert report.entry in {LEAVES[INDEX], None}
        assert report.event in {EVENT.decode(), None}
        assert report.proof is not None
        assert (report.proof.index, report.checkpoint) == (INDEX, checkpoints.parse(proof().checkpoint.text))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda t: t.replace("c2sp.org/tlog-proof@v1", "proof"), "Line 1 of a proof"),
        (lambda t: t.replace("index 3", "index 03"), "`index` and the entry's number"),
        (lambda t: t.replace("\n\n", "\n", 1), "should be|not base 64|A checkpoint|signed note"),
        (lambda t: t.partition("\n\n")[0], "no checkpoint"),
    ],
)
def test_a_file_that_is_no_proof_is_told_which_line_is_wrong(change, said: str) -> None:
    with pytest.raises(NoteError, match=said):
        proofs.parse(change(proof().text))


# -- signed notes


def test_the_example_of_the_specification_is_read_and_written_unchanged() -> None:
    whole = (
        "Ognuno sta solo sul cuor della terra\ntrafitto da un raggio di sole:\n\ned è subito sera.\n\n"
        "— quasimodo.example/salvatore NnugSzTjtVAewIS+Z/iJhUPeFDkO/5QQ2i5ddnGITLlC+EhfLW9oJKONrMouFSQU0xMcXxj99ihAQwaq"
        "P3ZekRwNtIc=\n"
    )

    note = signed_notes.parse(whole)

    assert note.text.endswith("ed è subito sera.\n")
    assert [(s.name, s.id.hex(), len(s.blob)) for s in note.signatures] == [
        ("quasimodo.example/salvatore", "367ba04b", 64)
    ]
    assert note.whole == whole


def test_a_known_note_verifies_with_its_known_key() -> None:
    """The key and note that the format's first implementation (Go's sumdb/note) shows in its documentation."""
    key = signed_notes.parse_verifier("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")
    text = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
    signer = signed_notes.parse_signer(
        "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
    )
    signature = "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM="
    line = f"— PeterNeumann {signature}\n"

    assert signer.verifier == key
    assert signed_notes.sign(text, signer).line == line
    assert [v.key for v in signed_notes.verify(signed_notes.parse(f"{text}\n{line}"), [key])] == [key]


def test_keys_are_read_as_they_are_written() -> None:
    key = signed_notes.make_key("witness.example", signed_notes.COSIGNER)

    assert signed_notes.parse_verifier(key.verifier.text) == key.verifier
    assert signed_notes.parse_signer(key.text).verifier == key.verifier


def test_key_ids_are_the_hash_of_name_type_and_key() -> None:
    key = WITNESSES[0].verifier

    assert key.id == hashlib.sha256(key.name.encode() + b"\n\x04" + key.public).digest()[:4]


@pytest.mark.parametrize("name", ["", "two words", "a+b", "a\u3000b", "line\nbreak"])
def test_names_of_keys_have_neither_spaces_nor_plus_signs(name: str) -> None:
    with pytest.raises(NoteError, match="cannot be the name"):
        signed_notes.make_key(name, signed_notes.LOG)


def test_a_wrong_signature_of_a_known_key_refuses_the_whole_note() -> None:
    text = "a\n"
    good, bad = signed_notes.sign(text, LOG), signed_notes.sign("b\n", LOG)

    for signatures in [(bad,), (good, bad), (good, good)]:
        with pytest.raises(NoteError):
            signed_notes.verify(signed_notes.Note(text, signatures), [LOG.verifier])


def test_unknown_signatures_are_passed_over() -> None:
    text = "a\n"
    signatures = tuple(signed_notes.sign(text, key) for key in (signed_notes.make_key("x", 1), LOG))
    note = signed_notes.Note(text, signatures)

    assert [v.key.name for v in signed_notes.verify(note, [LOG.verifier])] == [ORIGIN]


def test_a_cosignature_signs_its_time() -> None:
    text = checkpoints.Checkpoint(ORIGIN, 1, bytes(32)).text
    signature = signed_notes.cosign(text, WITNESSES[0], moment=1_679_315_147)
    later = signature.blob[:7] + bytes([signature.blob[7] + 1]) + signature.blob[8:]

    assert signed_notes.check(text, WITNESSES[0].verifier, signature.blob) == 1_679_315_147
    with pytest.raises(NoteError, match="does not fit"):
        signed_notes.check(text, WITNESSES[0].verifier, later)


@pytest.mark.parametrize(
    "text", ["a\n1\n", "a\n01\nAAAA\n", "a\n1\nAAAA\n", "\n1\n" + "A" * 43 + "=\n", "a\n-1\n\n"]
)
def test_what_is_no_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(NoteError):
        checkpoints.parse(text)


# -- entries


def test_entries_are_read_as_they_are_written_and_nothing_else_is() -> None:
    made = entry()

    assert entries.parse(made.bytes) == made
    for wrong in [made.bytes + b" ", made.bytes.replace(b'"v":1', b'"v":2'), b"{}", b"[]", b"no"]:
        with pytest.raises(ValueError, match="entry"):
            entries.parse(wrong)


def test_events_are_the_same_bytes_whatever_the_order_of_their_keys() -> None:
    moment = datetime(2026, 3, 1, 8, tzinfo=UTC)

    made = entries.canonical({"b": [1, "二", None], "a": {"y": moment, "x": None}, "c": None})

    assert made == '{"a":{"y":"2026-03-01T08:00:00.000000Z"},"b":[1,"二",null]}'.encode()
    assert entries.canonical({"a": {"y": moment}, "b": [1, "二", None]}) == made


def test_an_event_with_a_broken_number_is_refused() -> None:
    with pytest.raises(TypeError, match="not float"):
        entries.canonical({"a": 0.1})


def test_sm3_is_that_of_the_standard() -> None:
    if not entries.HAS_SM3:
        pytest.skip("this Python's OpenSSL has no SM3")
    # GB/T 32905-2016, annex A.1: SM3("abc")
    assert entries.seal(b"a", b"bc")[1] == "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"


# -- policies


def test_nested_groups_count_as_the_specification_says() -> None:
    keys = [signed_notes.make_key(f"k{n}", signed_notes.COSIGNER).verifier for n in range(5)]
    lines = [f"witness w{n} {key.text} https://w{n}.example/" for n, key in enumerate(keys)]
    lines += ["group x 2 w0 w1 w2", "group y any w3 w4", "group both all x y", "# a comment", "quorum both"]

    made = policies.parse("\n".join(lines))

    assert made.satisfied([keys[0], keys[2], keys[4]])
    assert not made.satisfied([keys[0], keys[1], keys[2]])
    assert not made.satisfied([keys[0], keys[3], keys[4]])
    assert made.witnesses["w1"].url == "https://w1.example"
    assert policies.parse(policies.render(made)).satisfied([keys[0], keys[2], keys[4]])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no quorum"),
        ("quorum none\nquorum none", "Line 2 .* second quorum"),
        ("quorum w", "Line 1 .* w is not defined above"),
        ("group g 1 w", "w is not defined above"),
        ("nonsense", "is not a log, witness, group or quorum line"),
        (f"witness w {LOG.verifier.text}", "not a cosigner's"),
        (f"witness none {WITNESSES[0].verifier.text}", "name none is taken"),
        (
            f"witness a {WITNESSES[0].verifier.text}\nwitness b {WITNESSES[0].verifier.text}",
            "another witness's key",
        ),
        (f"witness a {WITNESSES[0].verifier.text}\ngroup g 2 a", "from 1 to 1"),
        (f"witness a {WITNESSES[0].verifier.text}\ngroup g any a\ngroup h any a", "already a member"),
        (f"log {LOG.verifier.text}\nlog {LOG.verifier.text}", "named twice"),
    ],
)
def test_a_wrong_policy_is_told_which_line_and_why(text: str, said: str) -> None:
    with pytest.raises(NoteError, match=said):
        policies.parse(text)

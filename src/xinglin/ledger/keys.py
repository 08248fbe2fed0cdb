"""The log's private key and its policy, in ``<home>/keys``: files that nobody else may read.

``ledger.key`` has a line for every key that signs: one, and two while a new key is being made known.
``ledger.retired`` has the public keys that signed before. ``ledger.policy`` says whose cosignatures are asked and
needed (``policies``). The name of the key is the log's origin.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from django.utils.translation import gettext_noop

from xinglin.crypto import signed_notes
from xinglin.kernel.errors import conflict
from xinglin.ledger import files, policies

if TYPE_CHECKING:
    from pathlib import Path

    from xinglin.crypto.signed_notes import SigningKey, VerifierKey
    from xinglin.ledger.policies import Policy

_NO_WITNESSES = """\
# Whom the ledger asks for cosignatures, and how many it needs. https://c2sp.org/tlog-policy
# witness NAME KEY URL      as `xinglin witness init` prints it
# group GROUP 2 NAME NAME NAME
# quorum GROUP
quorum none
"""


def origin_for(base_url: str) -> str:
    """The name of a new log: its address without the scheme, or a name that no other log has."""
    address = base_url.partition("://")[2].strip("/")
    return f"{address or f'xinglin-{secrets.token_hex(4)}'}/ledger/log"


def signers(home: Path, *, base_url: str = "") -> list[SigningKey]:
    """The keys that sign, the present one first; one is made where there is none."""
    path = home / "keys" / "ledger.key"
    if not path.exists():
        key = signed_notes.make_key(origin_for(base_url), signed_notes.LOG)
        files.write(path, key.text + "\n")
    return [signed_notes.parse_signer(line) for line in path.read_text().splitlines() if line.strip()]


def verifiers(home: Path) -> list[VerifierKey]:
    """The public keys of everything that has ever signed, the present ones first."""
    present = [key.verifier for key in signers(home)]
    retired = home / "keys" / "ledger.retired"
    lines = retired.read_text().splitlines() if retired.exists() else []
    return present + [signed_notes.parse_verifier(line) for line in lines if line.strip()]


def rotate(home: Path) -> SigningKey:
    """Begin to sign with a new key as well; ``retire`` ends the old one when everybody knows the new."""
    present = signers(home)
    if len(present) > 1:
        raise conflict(
            gettext_noop(
                "A rotation is under way: retire the old key first, with `xinglin ledger rotate --finish`."
            )
        )
    key = signed_notes.make_key(present[0].name, signed_notes.LOG)
    files.write(home / "keys" / "ledger.key", "".join(f"{k.text}\n" for k in [key, *present]))
    return key


def retire(home: Path) -> VerifierKey:
    """Stop signing with the old key; its public half is kept, to verify what it signed."""
    present = signers(home)
    if len(present) < 2:
        raise conflict(
            gettext_noop("There is only one key: begin a rotation with `xinglin ledger rotate` first.")
        )
    kept = home / "keys" / "ledger.retired"
    before = kept.read_text() if kept.exists() else ""
    files.write(kept, f"{before}{present[1].verifier.text}\n")
    files.write(home / "keys" / "ledger.key", present[0].text + "\n")
    return present[1].verifier


def policy(home: Path) -> Policy:
    """The witnesses and the quorum of this platform, with its own keys as the trusted logs."""
    path = home / "keys" / "ledger.policy"
    if not path.exists():
        files.write(path, _NO_WITNESSES)
    found = policies.parse(path.read_text())
    found.logs = [key.verifier for key in signers(home)]
    return found

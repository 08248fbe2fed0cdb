"""Texts signed with Ed25519, and the cosignatures of those who watch a log.

Formats: https://c2sp.org/signed-note (keys, signature lines) and https://c2sp.org/tlog-cosignature (cosignature/v1).
A note that is not what the format says, or whose signature by a known key is wrong, raises ``NoteError``.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

LOG = 1  # signature type of an Ed25519 signature over the text
COSIGNER = 4  # signature type of a timestamped Ed25519 cosignature
_MARK = "— "
_MOST_SIGNATURES = 64
_LONGEST = 1 << 20


class NoteError(ValueError):
    """What is wrong with a note, a key or a signature."""


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A public key with the name of its holder."""

    name: str
    type: int
    public: bytes

    @property
    def id(self) -> bytes:
        """The four bytes by which signature lines name the key."""
        head = self.name.encode() + b"\n" + bytes([self.type])
        return hashlib.sha256(head + self.public).digest()[:4]

    @property
    def text(self) -> str:
        """The key as it is written in files: name, id and key, joined by plus signs."""
        return f"{self.name}+{self.id.hex()}+{encode(bytes([self.type]) + self.public)}"

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the public key in groups of four, to be compared by eye."""
        digest = hashlib.sha256(self.public).hexdigest()
        return " ".join(digest[place : place + 4] for place in range(0, 32, 4))


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key with the name of its holder."""

    name: str
    type: int
    private: Ed25519PrivateKey

    @property
    def verifier(self) -> VerifierKey:
        return VerifierKey(self.name, self.type, self.private.public_key().public_bytes_raw())

    @property
    def text(self) -> str:
        """The key as it is written in files, which nobody else may read."""
        seed = bytes([self.type]) + self.private.private_bytes_raw()
        return f"PRIVATE+KEY+{self.name}+{self.verifier.id.hex()}+{encode(seed)}"


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature line."""

    name: str
    id: bytes
    blob: bytes

    @property
    def line(self) -> str:
        return f"{_MARK}{self.name} {encode(self.id + self.blob)}\n"


@dataclass(frozen=True, slots=True)
class Note:
    """A text, which ends with a newline, and its signatures."""

    text: str
    signatures: tuple[Signature, ...]

    @property
    def whole(self) -> str:
        return f"{self.text}\n{''.join(signature.line for signature in self.signatures)}"


@dataclass(frozen=True, slots=True)
class Verified:
    """A known key whose signature is right; ``moment`` in seconds since 1970 for a cosigner."""

    key: VerifierKey
    moment: int | None


def make_key(name: str, type_: int) -> SigningKey:
    """A new private key."""
    return SigningKey(_named(name), type_, Ed25519PrivateKey.generate())


def encode(data: bytes) -> str:
    return base64.b64encode(data).decode()


def decode(text: str) -> bytes:
    """Standard base 64 with its padding and nothing else: one text for every value."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise NoteError(f"{text[:40]!r} is not base 64") from None
    if encode(data) != text:
        raise NoteError(f"{text[:40]!r} is not base 64 in its usual form")
    return data


def parse_verifier(text: str) -> VerifierKey:
    """Read ``name+id+key``."""
    name, _, rest = text.strip().partition("+")
    id_, _, encoded = rest.partition("+")
    data = decode(encoded)
    if len(data) != 33 or data[0] not in {LOG, COSIGNER}:
        raise NoteError(f"The key of {name!r} is not an Ed25519 key of a log (type 1) or a cosigner (type 4)")
    key = VerifierKey(_named(name), data[0], data[1:])
    if key.id.hex() != id_:
        raise NoteError(f"The key of {name!r} says it is {id_}, but it is {key.id.hex()}")
    return key


def parse_signer(text: str) -> SigningKey:
    """Read ``PRIVATE+KEY+name+id+seed``."""
    parts = text.strip().split("+", 4)
    if len(parts) != 5 or parts[:2] != ["PRIVATE", "KEY"]:
        raise NoteError("This is not a private key: it should begin with PRIVATE+KEY+")
    data = decode(parts[4])
    if len(data) != 33 or data[0] not in {LOG, COSIGNER}:
        raise NoteError("This is not the private key of a log (type 1) or a cosigner (type 4)")
    key = SigningKey(_named(parts[2]), data[0], Ed25519PrivateKey.from_private_bytes(data[1:]))
    if key.verifier.id.hex() != parts[3]:
        raise NoteError(f"The private key of {key.name!r} is damaged: its id does not fit")
    return key


def _named(name: str) -> str:
    if not name or any(c.isspace() or c == "+" or c < " " for c in name):
        raise NoteError(f"{name!r} cannot be the name of a key: no spaces, no plus signs, not empty")
    return name


def parse(whole: str | bytes) -> Note:
    """Read a note; nothing is verified yet."""
    text = _plain(whole)
    body, gap, lines = text.rpartition("\n\n")
    if not gap or not lines.endswith("\n"):
        raise NoteError(
            "A signed note is a text, an empty line, and signature lines that each end with a newline"
        )
    given = lines[:-1].split("\n")
    if len(given) > _MOST_SIGNATURES:
        raise NoteError(f"The note has more than {_MOST_SIGNATURES} signatures")
    return Note(body + "\n", tuple(parse_signature(line) for line in given))


def _plain(whole: str | bytes) -> str:
    if len(whole) > _LONGEST:
        raise NoteError("The note is longer than a mebibyte")
    if isinstance(whole, bytes):
        try:
            whole = whole.decode()
        except UnicodeDecodeError:
            raise NoteError("The note is not UTF-8") from None
    if any(c < " " and c != "\n" for c in whole):
        raise NoteError("The note has a control character other than newline")
    return whole


def parse_signature(line: str) -> Signature:
    """Read one signature line, without its newline."""
    if not line.startswith(_MARK):
        raise NoteError(f"{line[:40]!r} is not a signature line: it should begin with an em dash and a space")
    name, space, encoded = line[len(_MARK) :].partition(" ")
    data = decode(encoded) if space else b""
    if len(data) < 5:
        raise NoteError(f"The signature line of {name!r} has no signature")
    return Signature(_named(name), data[:4], data[4:])


def sign(text: str, key: SigningKey) -> Signature:
    """Sign a text that ends with a newline."""
    return Signature(key.name, key.verifier.id, key.private.sign(text.encode()))


def cosign(text: str, key: SigningKey, *, moment: int) -> Signature:
    """A cosigner's statement about a checkpoint's text, made ``moment`` seconds after 1970."""
    signed = key.private.sign(_cosigned(text, moment))
    return Signature(key.name, key.verifier.id, moment.to_bytes(8, "big") + signed)


def _cosigned(text: str, moment: int) -> bytes:
    return f"cosignature/v1\ntime {moment}\n{text}".encode()


def verify(note: Note, keys: Collection[VerifierKey]) -> list[Verified]:
    """The known keys that signed, each once; unknown signatures are passed over, a wrong one of a known key raises."""
    known = {(key.name, key.id): key for key in keys}
    seen: set[tuple[str, bytes]] = set()
    found = []
    for signature in note.signatures:
        mark = (signature.name, signature.id)
        key = known.get(mark)
        if key is None:
            continue
        if mark in seen:
            raise NoteError(f"{key.name!r} has signed twice")
        seen.add(mark)
        found.append(Verified(key, check(note.text, key, signature.blob)))
    return found


def check(text: str, key: VerifierKey, blob: bytes) -> int | None:
    """Verify one signature; tells the moment of a cosignature. Raises ``NoteError`` if it is wrong."""
    moment = None
    message = text.encode()
    if key.type == COSIGNER:
        if len(blob) != 72 or blob[0] > 127:
            raise NoteError(f"The cosignature of {key.name!r} is not a time and an Ed25519 signature")
        moment = int.from_bytes(blob[:8], "big")
        message, blob = _cosigned(text, moment), blob[8:]
    try:
        Ed25519PublicKey.from_public_bytes(key.public).verify(blob, message)
    except (InvalidSignature, ValueError):
        raise NoteError(f"The signature of {key.name!r} does not fit the text") from None
    return moment


def with_signatures(note: Note, added: Sequence[Signature]) -> Note:
    """The note with more signatures behind its own."""
    return Note(note.text, note.signatures + tuple(added))

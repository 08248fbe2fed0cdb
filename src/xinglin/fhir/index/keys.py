"""The hashes under which values are filed, the same for whoever writes the index and whoever asks it.

Everything is filed per *branch path* (see the package's docstring), never per search parameter. A path gives
``seed`` (signed 64 bits) and ``key`` (signed 32 bits); a value within it gives a token: a signed 64-bit
hash of the kind of token and its parts, seeded by the path. Parts are joined by NUL, which FHIR text cannot
hold, so two different values never make the same text.

**Identifying values** (``is_identifying``: what is said of persons, identifiers and contacts of anything) are hashed
with a key, once ``hash_with`` has given one: who has the index alone cannot try all numbers until one fits. Strings
are filed (``filed``) as a code for each character that depends on those before it, so that a text begins with another
just where its codes do; then ``~``, and a code for each pair of neighbours, for ``:contains``.
The first character has a code of 36 bits, each further one of 24, since fewer are told apart there; a pair has 15:
its hash is among the tokens, and only the order is asked of the codes.
"""

from __future__ import annotations

import re
import unicodedata
from binascii import b2a_base64
from functools import lru_cache
from hashlib import blake2b
from struct import pack
from typing import TYPE_CHECKING

from xxhash import xxh3_64_intdigest, xxh32_intdigest

from xinglin.kernel.ids import self_number

if TYPE_CHECKING:
    from collections.abc import Iterator

LONGEST = 200  # characters of a normalised text that are kept
GRAMMED = 64  # characters of a normalised text that are filed as pairs
PERSONS = frozenset({"Patient", "Person", "RelatedPerson", "Practitioner"})
"""The types of which everything that is said is identifying."""
_NUMBERS = re.compile(
    r"[.:]\w*[iI]dentifier(:Identifier)?$|[.:]telecom\b|:ContactPoint$|:HumanName$|:Address$"
)
_SIGN = 1 << 63
_TWO_64 = 1 << 64
_TWO_32 = 1 << 32


def _signed(number: int) -> int:
    return number if number < _SIGN else number - _TWO_64


def _signed_32(number: int) -> int:
    return number if number < 1 << 31 else number - _TWO_32


@lru_cache(maxsize=1 << 14)
def _raw_seed(path: str) -> int:
    return xxh3_64_intdigest(path.encode())


class _Keyed:
    """The keys of identifying values; None where they are hashed like all others."""

    tokens: bytes | None = None
    characters: bytes = b""
    pairs: bytes = b""


def hash_with(secret: bytes | None) -> None:
    """Hash identifying values with a key that is made from ``secret``, or without one."""
    _Keyed.tokens = None if secret is None else blake2b(b"tokens", key=secret, digest_size=32).digest()
    _Keyed.characters = b"" if secret is None else blake2b(b"characters", key=secret, digest_size=32).digest()
    _Keyed.pairs = b"" if secret is None else blake2b(b"pairs", key=secret, digest_size=32).digest()
    gram_hash.cache_clear()
    _code.cache_clear()
    _pair_code.cache_clear()
    _codes.cache_clear()


@lru_cache(maxsize=1 << 14)
def is_identifying(path: str) -> bool:
    """Whether what is filed under the path may tell who somebody is."""
    if path.partition(".")[0].partition("$")[0] in PERSONS:
        return not (path.endswith(":text") or ".meta." in path)
    return _NUMBERS.search(path) is not None


def is_sealed(path: str) -> bool:
    """Whether strings under the path are filed as codes now."""
    return _Keyed.tokens is not None and is_identifying(path)


def _token(path: str, text: str) -> int:
    if _Keyed.tokens is not None and is_identifying(path):
        made = blake2b(f"{path}\0{text}".encode(), key=_Keyed.tokens, digest_size=8)
        return int.from_bytes(made.digest(), signed=True)
    return _unkeyed(path, text)


def _unkeyed(path: str, text: str) -> int:
    return _signed(xxh3_64_intdigest(text.encode(), _raw_seed(path)))


def seed(path: str) -> int:
    """The signed 64-bit number of a branch path."""
    return _signed(_raw_seed(path))


@lru_cache(maxsize=1 << 14)
def key(path: str) -> int:
    """The signed 32-bit number of a branch path, by which its ranges and strings are filed."""
    return _signed_32(xxh32_intdigest(path.encode()))


def unit(code: str) -> int:
    """The signed 32-bit number of a unit's code, unit text or currency; 0 for the empty text."""
    return _signed_32(xxh32_intdigest(code.encode())) if code else 0


def token_hash(path: str, system: str, code: str) -> int:
    """``system|code``; with an empty system ``|code``, a code that has no system."""
    return _token(path, f"t\0{system}\0{code}")


def code_hash(path: str, code: str) -> int:
    """``code`` in whatever system."""
    return _token(path, f"c\0{code}")


def system_hash(path: str, system: str) -> int:
    """``system|``, any code of the system."""
    return _token(path, f"s\0{system}")


def of_type_hash(path: str, system: str, code: str, value: str) -> int:
    """``:of-type``: an identifier's ``value`` with a coding of ``Identifier.type``."""
    return _token(path, f"o\0{system}\0{code}\0{value}")


def uri_hash(path: str, uri: str) -> int:
    """A URI as it is: of type uri, or what a reference or canonical points to outside of this store."""
    return _token(path, f"u\0{uri}")


def below_hash(path: str, ancestor: str) -> int:
    """Every URI that is ``ancestor`` or lies below it, see ``ancestors``; for ``:below``."""
    return _token(path, f"b\0{ancestor}")


def exact_hash(path: str, text: str) -> int:
    """A string as it was written, for ``:exact``."""
    return _token(path, f"x\0{text}")


@lru_cache(maxsize=1 << 16)
def gram_hash(path: str, gram: str) -> int:
    """Two neighbouring characters (or the only one) of a normalised string, see ``grams``."""
    return _token(path, f"g\0{gram}")


def long_hash(path: str) -> int:
    """There is a normalised string of more than ``GRAMMED`` characters, whose later pairs are not filed."""
    return _unkeyed(path, "l")


def presence_hash(path: str, resource_type: str = "") -> int:
    """There is a value; with ``resource_type``: there is a reference to a resource of that type."""
    return _unkeyed(path, f"p\0{resource_type}")


def absence_hash(path: str) -> int:
    """There is no value although the standard requires one; filed instead of presence for such branches."""
    return _unkeyed(path, "a")


def reference_hash(path: str, resource_type: str, id_: str) -> int:
    """A reference to ``resource_type/id_`` of this store, in whatever version."""
    return self_number(resource_type, id_) ^ seed(path)


def member_hash(patient: int) -> int:
    """In the compartment of a patient, known by ``self_number``, beside that of the resource's first patient."""
    return patient ^ seed("Patient compartment")


def composite_hash(path: str, *parts: int) -> int:
    """Components of a composite that are all tokens or references, by their own hashes, in one element."""
    return _signed(xxh3_64_intdigest(pack(f"<{len(parts)}q", *parts), _raw_seed(path)))


def composite_key(path: str, *parts: int) -> int:
    """The key of a composite's ranges or strings in one element, whose token components have those hashes."""
    return _signed_32(xxh32_intdigest(pack(f"<{len(parts)}q", *parts), _raw_seed(path) & (_TWO_32 - 1)))


def normalise(text: str) -> str:
    """``text`` as strings are compared: without case, diacritics, width, doubled or outer white space.

    At most ``LONGEST`` characters. https://hl7.org/fhir/R4/search.html#string
    """
    if not text.isascii():
        folded = unicodedata.normalize("NFKC", text).casefold()
        bare = "".join(c for c in unicodedata.normalize("NFKD", folded) if not "\u0300" <= c <= "\u036f")
        text = unicodedata.normalize("NFKC", bare)
    return " ".join(text.lower().split())[:LONGEST].rstrip()


def grams(normalised: str) -> set[str]:
    """The pairs of neighbouring characters among the first ``GRAMMED``; of one character itself."""
    head = normalised[:GRAMMED]
    return {head[i : i + 2] for i in range(len(head) - 1)} if len(head) > 1 else set(head)


def filed(path: str, normalised: str) -> str:
    """A normalised text as it stands among the strings: itself, or its codes."""
    return f"{_codes(normalised)}~{paired(normalised)}" if is_sealed(path) else normalised


def begun(path: str, normalised: str) -> str:
    """What ``filed`` texts begin with that begin with this one."""
    return _codes(normalised) if is_sealed(path) else normalised


def paired(normalised: str) -> str:
    """The codes of the pairs of neighbours: a capital and two others, so that a code begins only where one does."""
    return "".join([_pair_code(normalised[i : i + 2]) for i in range(len(normalised) - 1)])


@lru_cache(maxsize=1 << 14)
def _codes(text: str) -> str:
    return "".join([_code(text[:end]) for end in range(1, len(text) + 1)])


@lru_cache(maxsize=1 << 17)
def _code(text: str) -> str:
    made = blake2b(text.encode(), key=_Keyed.characters, digest_size=6).digest()
    return b2a_base64(made, newline=False)[: 6 if len(text) == 1 else 4].translate(_SAFE).decode()


@lru_cache(maxsize=1 << 16)
def _pair_code(pair: str) -> str:
    first, second, third = blake2b(pair.encode(), key=_Keyed.pairs, digest_size=3).digest()
    return _CAPITALS[first & 31] + _OTHERS[second & 31] + _OTHERS[third & 31]


_SAFE = bytes.maketrans(b"+/", b"-_")
_CAPITALS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
_OTHERS = "abcdefghijklmnopqrstuvwxyz6789-_"


def ancestors(uri: str) -> Iterator[str]:
    """``uri`` and every URL above it, as ``:above`` and ``:below`` understand: by segments of the path.

    ``http://a.cn/fhir/x`` → itself, ``http://a.cn/fhir``, ``http://a.cn``. A URN has nothing above it.
    """
    start = uri.find("://")
    yield uri.rstrip("/") if start > 0 else uri
    if start <= 0:
        return
    rest = uri.rstrip("/")
    while (cut := rest.rfind("/")) > start + 2:
        rest = rest[:cut]
        yield rest

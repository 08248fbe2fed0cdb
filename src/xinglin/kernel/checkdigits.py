"""Check characters of the numbers by which people and bodies are known in China.

Each function takes the number without its last character, in the standard's alphabet, and gives that character;
a character outside the alphabet raises ``ValueError``.
"""

from __future__ import annotations

_RESIDENT_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CREDIT_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"  # no I, O, S, V, Z
_CREDIT_WEIGHTS = tuple(pow(3, place, 31) for place in range(17))
_BODY_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_BODY_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)


def resident(first17: str) -> str:
    """The eighteenth character of a resident's identity number: GB 11643, ISO 7064 MOD 11-2."""
    return "10X98765432"[sum(int(c) * w for c, w in zip(first17, _RESIDENT_WEIGHTS, strict=True)) % 11]


def social_credit(first17: str) -> str:
    """The eighteenth character of a unified social credit code: GB 32100-2015, modulus 31."""
    total = sum(_CREDIT_ALPHABET.index(c) * w for c, w in zip(first17, _CREDIT_WEIGHTS, strict=True))
    return _CREDIT_ALPHABET[(31 - total % 31) % 31]


def organization(first8: str) -> str:
    """The ninth character of an organization code, the one after the hyphen: GB 11714-1997, modulus 11."""
    total = sum(_BODY_ALPHABET.index(c) * w for c, w in zip(first8, _BODY_WEIGHTS, strict=True))
    return {10: "X", 11: "0"}.get(check := 11 - total % 11, str(check))

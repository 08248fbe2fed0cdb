"""Phrases of a few characters out of what a table says of signs and symptoms."""

from __future__ import annotations

import re

_BREAKS = re.compile(r"[，,。；;、：:（）()\s？?！!“”]+")
_LEADS = re.compile(
    r"^(?:或见|或有|或伴有?|或兼有?|兼见|兼有|兼|甚则|甚者|甚或|甚至|甚|症见|证见|伴有|伴见|伴|并见|并有|或者|或|可见|常见|常有|多见|以及|及|和|并|则|而见)"
)
_TAILS = re.compile(r"(?:等症状?|等证|等候|等|者)$")
_SYNDROME = re.compile(r"(?:证|症|病)$")
LONGEST = 8


def phrases(text: str) -> list[str]:
    """``恶寒发热，或有头痛等。`` → 恶寒发热, 头痛. Names of syndromes and what is longer fall away."""
    found = []
    for piece in _BREAKS.split(text):
        phrase = _TAILS.sub("", _LEADS.sub("", piece.strip()))
        if (
            2 <= len(phrase) <= LONGEST
            and not _SYNDROME.search(phrase)
            and re.fullmatch(r"[\u3400-\u9fff]+", phrase)
        ):
            found.append(phrase)
    return list(dict.fromkeys(found))


def named_syndromes(text: str) -> list[str]:
    """The syndromes and diseases that a text names before its first full stop."""
    head = re.split("[。]", text, maxsplit=1)[0]
    pieces = [piece.strip() for piece in re.split("[，；、,;]|或", head)]
    return [piece for piece in pieces if _SYNDROME.search(piece) and 2 < len(piece) <= 14]

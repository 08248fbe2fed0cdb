"""What codes are called in the reader's language."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from django.utils.translation import get_language, gettext_lazy

from xinglin.recognition import reference

if TYPE_CHECKING:
    from xinglin.recognition.values import Item

KINDS = {"laboratory": gettext_lazy("Laboratory"), "imaging": gettext_lazy("Imaging and function")}
TIERS = {
    "primary": gettext_lazy("Primary institution"), "secondary": gettext_lazy("Secondary institution"),
    "tertiary": gettext_lazy("Tertiary institution"),
}  # fmt: skip
SCOPES = {
    "district": gettext_lazy("District"), "city": gettext_lazy("City"), "province": gettext_lazy("Province"),
    "provinces": gettext_lazy("Several provinces"), "national": gettext_lazy("Whole country"),
}  # fmt: skip
WHY = {
    "undated": gettext_lazy("no date"),
    "future": gettext_lazy("dated after the order"),
    "old": gettext_lazy("too old"),
    "preliminary": gettext_lazy("not final yet"),
    "withdrawn": gettext_lazy("cancelled or wrong"),
    "empty": gettext_lazy("no result in it"),
    "critical": gettext_lazy("critical value"),
    "changed": gettext_lazy("marked as changed much"),
    "place": gettext_lazy("institution not known"),
    "tier": gettext_lazy("the institution's tier is too low"),
    "mark": gettext_lazy("no quality mark that reaches here"),
}
CAUTIONS = {"event": gettext_lazy("Admitted or an emergency since then")}
VERDICTS = {"recognised": gettext_lazy("Recognised"), "declined": gettext_lazy("Declined")}
STATES = {
    "open": (gettext_lazy("Awaiting an answer"), "amber"), "answered": (gettext_lazy("Answered"), "blue"),
    "upheld": (gettext_lazy("Declining was right"), "green"),
    "overturned": (gettext_lazy("Should have been recognised"), "red"),
    "withdrawn": (gettext_lazy("Withdrawn"), "plain"),
}  # fmt: skip
VERBS = {
    "object": gettext_lazy("Object"), "answer": gettext_lazy("Answer"), "uphold": gettext_lazy("Declining was right"),
    "overturn": gettext_lazy("It should have been recognised"), "withdraw": gettext_lazy("Withdraw the objection"),
}  # fmt: skip
CHANGES = {
    "added": (gettext_lazy("Added"), "green"), "removed": (gettext_lazy("Falls away"), "red"),
    "changed": (gettext_lazy("Changed"), "amber"),
}  # fmt: skip


def language() -> str:
    return get_language() or "zh-hans"


def reason(code: str) -> str:
    """A reason for declining in words; empty for none."""
    found = reference.reasons().get(code)
    return found.said(language()) if found else code


def items_of(code: str, names: dict[str, str]) -> str:
    """What a mark is for, in words."""
    if code == "*":
        return str(gettext_lazy("Everything"))
    return str(KINDS.get(code) or names.get(code) or code.removeprefix("group:"))


@cache
def _spelt(name: str) -> tuple[str, str]:
    from pypinyin import lazy_pinyin  # noqa: PLC0415 -- a quarter of a second, for the page alone

    syllables = lazy_pinyin(name)
    begun = (syllable if syllable in name else syllable[0] for syllable in syllables)  # CT stays CT
    return "".join(syllables), "".join(begun)


def spelt(item: Item) -> list[str]:
    """The names of an item and its group in pinyin, whole and by initials."""
    return [key for name in (item.name, *item.names, item.group) if name for key in _spelt(name)]

"""What the codes of the ward are called on pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from django.utils.translation import gettext_lazy

from xinglin.ui.language import is_chinese

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.utils.functional import _StrPromise as Words

    from xinglin.clinic.ward.reference import Sign


class _Named(Protocol):
    @property
    def zh(self) -> str: ...
    @property
    def en(self) -> str: ...


BEDS: dict[str, Words] = {
    "ready": gettext_lazy("Free bed"),
    "taken": gettext_lazy("Bed taken"),
    "cleaning": gettext_lazy("Being cleaned"),
    "closed": gettext_lazy("Bed closed"),
}
ORDERS: dict[str, Words] = {
    "signed": gettext_lazy("Signed, to be checked"),
    "checked": gettext_lazy("Order stands"),
    "done": gettext_lazy("Order carried out"),
    "stopped": gettext_lazy("Order stopped"),
}
STANDINGS: dict[str, Words] = {
    "due": gettext_lazy("Document due"),
    "overdue": gettext_lazy("Document overdue"),
    "late": gettext_lazy("Document came late"),
    "in time": gettext_lazy("Document in time"),
}
COLOURS = {
    "ready": "green", "taken": "blue", "cleaning": "amber", "closed": "plain",
    "signed": "amber", "checked": "green", "done": "plain", "stopped": "plain",
    "due": "blue", "overdue": "red", "late": "amber", "in time": "green",
    "stable": "green", "serious": "amber", "critical": "red",
}  # fmt: skip


def called(one: _Named) -> str:
    """Something of ``reference`` in the reader's language."""
    return one.zh if is_chinese() else one.en


def unit(sign: Sign) -> str:
    """The unit of a sign in the reader's language."""
    return sign.unit if is_chinese() or not sign.unit_en else sign.unit_en


def choices(known: Mapping[str, _Named]) -> list[tuple[str, str]]:
    """Codes and what they are called, for a field of choice."""
    return [(code, called(one)) for code, one in known.items()]

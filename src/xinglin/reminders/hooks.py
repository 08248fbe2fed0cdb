"""The services of CDS Hooks that are offered, one for each hook, and their prefetch templates. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

from xinglin.reminders import knowledge
from xinglin.reminders.values import Both, Hook


@dataclass(frozen=True, slots=True)
class Service:
    """``context`` are the members that a request needs; ``types`` what its rules rest on."""

    hook: Hook
    title: Both
    description: Both
    context: tuple[str, ...]
    types: tuple[str, ...]
    prefetch: dict[str, str]
    keys: dict[str, str]  # of the prefetch, to the type that each holds

    def described(self, language: str) -> dict[str, Any]:
        """As discovery says it. https://cds-hooks.hl7.org/2.0/#discovery"""
        return {
            "hook": str(self.hook), "title": self.title.said(language), "description": self.description.said(language),
            "id": str(self.hook), "prefetch": self.prefetch,
        }  # fmt: skip


@cache
def services() -> dict[str, Service]:
    """All of them by id, which is the hook's name."""
    found = knowledge.toml("hooks.toml")
    made = {}
    for id_, row in found["hook"].items():
        templates = {type_: found["prefetch"][type_] for type_ in row["types"]}
        made[id_] = Service(
            hook=Hook(id_), title=Both(row["title_zh"], row["title"]),
            description=Both(row["description_zh"], row["description"]), context=tuple(row["context"]),
            types=tuple(row["types"]), prefetch=dict(templates.values()),
            keys={key: type_ for type_, (key, _) in templates.items()},
        )  # fmt: skip
    return made


def service(hook: Hook) -> Service:
    return services()[str(hook)]

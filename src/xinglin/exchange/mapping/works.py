"""What a mapping does for each of its resources, deletions and links when a message comes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xinglin.exchange.doors import ERROR
from xinglin.exchange.mapping.functions import written

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from xinglin.exchange.mapping.running import Scope
    from xinglin.exchange.mapping.values import Compiled

    Work = Callable[[Scope], None]
    Scopes = Callable[[Scope], Sequence[Scope]]

MOST_RESOURCES = 20_000  # of one message


def _parts(scope: Scope, parts: list[Compiled]) -> list[str] | None:
    """The parts of an id; None, with the reason said, when one is empty."""
    found = []
    for part in parts:
        text = written(part.one(scope)).strip()
        if not text:
            scope.run.say(ERROR, "required", part.place(scope), "The sender's own number is missing here.")
            return None
        found.append(text)
    return found


def making(type_: str, scopes: Scopes, parts: list[Compiled], build: Callable[[Scope], Any]) -> Work:
    def work(outer: Scope) -> None:
        run = outer.run
        for scope in scopes(outer):
            found = _parts(scope, parts)
            if found is None:
                continue
            id_ = run.id_of((type_, *found))
            made = {"resourceType": type_, "id": id_}
            made.update(build(scope) or {})
            before = run.made.get((type_, id_))
            if before is None:
                if len(run.made) >= MOST_RESOURCES:
                    run.say(ERROR, "too-long", "", "The message makes too many resources. Divide it.")
                    return
                run.made[type_, id_] = made
            else:  # made twice: what the first lacks, the second gives
                for name, value in made.items():
                    before.setdefault(name, value)

    return work


def deleting(type_: str, scopes: Scopes, parts: list[Compiled]) -> Work:
    def work(outer: Scope) -> None:
        for scope in scopes(outer):
            found = _parts(scope, parts)
            if found is not None:
                scope.run.deletes.append((type_, scope.run.id_of((type_, *found))))

    return work


def linking(scopes: Scopes, old: list[Compiled], new: list[Compiled]) -> Work:
    def work(outer: Scope) -> None:
        for scope in scopes(outer):
            given_up, staying = _parts(scope, old), _parts(scope, new)
            if given_up is None or staying is None:
                continue
            pair = (scope.run.id_of(("Patient", *given_up)), scope.run.id_of(("Patient", *staying)))
            if pair[0] != pair[1]:
                scope.run.links.append(pair)

    return work

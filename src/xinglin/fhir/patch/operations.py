"""JSON Patch: the six operations. https://www.rfc-editor.org/rfc/rfc6902"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from xinglin.fhir.patch import pointers
from xinglin.fhir.patch.limits import keep_identity, numbered
from xinglin.fhir.patch.trees import copied, described, same, without
from xinglin.kernel.errors import Fault, conflict, invalid

_MISSING = object()


def json_patch(resource: Mapping[str, Any], operations: object) -> dict[str, Any]:
    """The resource after all the operations, in order; ``resource`` itself is not altered.

    Arrays and objects that a removal empties disappear at the end, as FHIR's JSON has no empty ones.
    Faults: ``invalid`` for an operation that is malformed or names what is not there, ``conflict`` with the
    code ``processing`` for a ``test`` that fails. Every message begins with the operation's position.
    """
    if not isinstance(operations, Sequence) or isinstance(operations, str | bytes):
        raise invalid(
            "A JSON Patch should be an array of operations; this is %(there)s.",
            code="structure",
            there=described(operations),
        )
    work = _Work(copied(resource))
    for position, operation in enumerate(operations):
        try:
            _apply(work, operation)
            keep_identity(resource, work.document)
        except Fault as fault:
            raise numbered(fault, position) from None
    result: dict[str, Any] = without(work.document, work.emptied) if work.emptied else work.document
    return result


@dataclass(slots=True)
class _Work:
    """The document being changed, and the identities of the containers that removals have emptied.

    The emptied containers are kept, so that no later container can be given the identity of one.
    """

    document: Any
    emptied: dict[int, Any] = field(default_factory=dict)

    def parent_of(self, tokens: Sequence[str]) -> Any:
        return pointers.follow(self.document, tokens[:-1])

    def add(self, tokens: Sequence[str], value: Any) -> None:
        if not tokens:
            self.document = value
            return
        parent, last = self.parent_of(tokens), tokens[-1]
        where = pointers.expression(self.document, tokens[:-1])
        if isinstance(parent, dict):
            parent[last] = value
        elif isinstance(parent, list):
            end = len(parent)
            parent.insert(end if last == "-" else pointers.index(parent, last, where, below=end + 1), value)
        else:
            pointers.child(parent, last, where)

    def remove(self, tokens: Sequence[str]) -> Any:
        if not tokens:
            raise invalid("The whole resource cannot be removed by a patch; delete it instead.", code="value")
        parent, last = self.parent_of(tokens), tokens[-1]
        where = pointers.expression(self.document, tokens[:-1])
        value = pointers.child(parent, last, where)
        del parent[last if isinstance(parent, dict) else int(last)]
        if not parent:
            self.emptied[id(parent)] = parent
        return value


def _add(work: _Work, operation: Mapping[str, Any]) -> None:
    work.add(_pointer(operation, "path"), copied(_member(operation, "value")))


def _remove(work: _Work, operation: Mapping[str, Any]) -> None:
    work.remove(_pointer(operation, "path"))


def _replace(work: _Work, operation: Mapping[str, Any]) -> None:
    tokens, value = _pointer(operation, "path"), copied(_member(operation, "value"))
    pointers.follow(work.document, tokens)
    if not tokens:
        work.document = value
        return
    parent, last = work.parent_of(tokens), tokens[-1]
    parent[last if isinstance(parent, dict) else int(last)] = value


def _move(work: _Work, operation: Mapping[str, Any]) -> None:
    source, target = _pointer(operation, "from"), _pointer(operation, "path")
    if len(target) > len(source) and target[: len(source)] == source:
        raise invalid(
            "%(source)s cannot be moved into itself.",
            code="value",
            source=pointers.expression(work.document, source),
        )
    if source == target:
        pointers.follow(work.document, source)
        return
    work.add(target, work.remove(source))


def _copy(work: _Work, operation: Mapping[str, Any]) -> None:
    value = pointers.follow(work.document, _pointer(operation, "from"))
    work.add(_pointer(operation, "path"), copied(value))


def _test(work: _Work, operation: Mapping[str, Any]) -> None:
    tokens, wanted = _pointer(operation, "path"), _member(operation, "value")
    where = pointers.expression(work.document, tokens)
    there = pointers.follow(work.document, tokens)
    if not same(there, wanted):
        raise conflict(
            "The test failed: %(where)s is %(there)s, not %(wanted)s.",
            code="processing",
            expression=where,
            where=where,
            there=described(there),
            wanted=described(wanted),
        )


_OPERATIONS: dict[str, Callable[[_Work, Mapping[str, Any]], None]] = {
    "add": _add,
    "remove": _remove,
    "replace": _replace,
    "move": _move,
    "copy": _copy,
    "test": _test,
}


def _apply(work: _Work, operation: Any) -> None:
    if not isinstance(operation, Mapping):
        raise invalid(
            "An operation should be an object; this is %(there)s.",
            code="structure",
            there=described(operation),
        )
    name = _member(operation, "op")
    act = _OPERATIONS.get(name) if isinstance(name, str) else None
    if act is None:
        raise invalid(
            "There is no operation %(name)s; it should be one of %(known)s.",
            code="value",
            name=described(name),
            known=", ".join(_OPERATIONS),
        )
    act(work, operation)


def _member(operation: Mapping[str, Any], name: str) -> Any:
    value = operation.get(name, _MISSING)
    if value is _MISSING:
        raise invalid("The operation has no %(name)s.", code="required", name=repr(name))
    return value


def _pointer(operation: Mapping[str, Any], name: str) -> list[str]:
    text = _member(operation, name)
    if not isinstance(text, str):
        raise invalid(
            "%(name)s should be a JSON Pointer; this is %(there)s.",
            code="structure",
            name=repr(name),
            there=described(text),
        )
    return pointers.parse(text)

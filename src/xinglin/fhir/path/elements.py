"""FHIR JSON as FHIRPath sees it: elements with their types, found by stepping from parent to child.

An ``Element`` is a value in its place. System values (results of literals and functions) are plain Python:
``bool``, ``int``, ``Decimal``, ``str``, ``Temporal``, ``Quantity``. A collection is a list of both.
"""

from __future__ import annotations

from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import msgspec

from xinglin.fhir import definitions
from xinglin.fhir.path import quantity, temporal
from xinglin.fhir.path.quantity import Quantity

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

Item: TypeAlias = Any  # an Element or a System value; ``Any`` because leaves of JSON are both

_FEW = 2  # forms of a choice that are as quickly tried one by one
ALONE = -1  # the index of an element that does not stand in a list
_SKIPPED = frozenset({"resourceType", "fhir_comments"})
_NOTHING: dict[str, Any] = {}


class Form(NamedTuple):
    """One JSON property that holds an element: ``valueString``, beside it ``_valueString``, a string."""

    key: str
    beside: str
    type: Type
    primitive: bool


class Type:
    """A FHIR type: its ``name``, all it specialises (``lineage``), and the forms of its children."""

    __slots__ = ("_choices", "children", "kind", "lineage", "name", "primitive", "read", "structure")

    def __init__(self, structure: definitions.Structure) -> None:
        self.structure = structure
        self.name = structure.name
        self.kind = structure.kind
        self.primitive = structure.kind == "primitive"
        self.lineage = frozenset(_lineage(structure))
        self.children = _Children(self)
        self._choices: dict[str, dict[str, Form]] = {}
        self.read: Callable[[Element], Item] = _reader(self)

    def is_a(self, name: str) -> bool:
        return name in self.lineage

    def forms(self, name: str) -> tuple[Form, ...]:
        """How the child ``name`` may stand in JSON, ``()`` if the type has no such child."""
        structure = definitions.structure("Element") if self.primitive else self.structure
        child = structure.elements.get(name)
        return () if child is None else tuple(_form(key, type_) for key, type_ in child.properties)

    def present(self, name: str, holder: dict[str, Any]) -> list[Form]:
        """Those forms of the choice element ``name`` that ``holder`` has; quicker than to try them all."""
        table = self._choices.get(name)
        if table is None:
            table = {key: form for form in self.children[name] for key in (form.key, form.beside)}
            self._choices[name] = table
        found = [table[key] for key in holder if key in table]
        return found if len(found) < 2 else list(dict.fromkeys(found))

    def form_of(self, key: str) -> tuple[str, Form]:
        """The element's name and form behind a JSON property; an unknown property is an untyped element."""
        structure = definitions.structure("Element") if self.primitive else self.structure
        known = structure.properties.get(key)
        return (known[0].name, _form(key, known[1])) if known else (key, _untyped_form(key))


class _Untyped(Type):
    """What is not in the definitions: children are found by their JSON property."""

    __slots__ = ()

    def __init__(self) -> None:
        super().__init__(definitions.Structure(name="", kind="untyped", base=""))

    def forms(self, name: str) -> tuple[Form, ...]:
        return (_untyped_form(name),)

    def form_of(self, key: str) -> tuple[str, Form]:
        return key, _untyped_form(key)


class _Children(dict[str, tuple[Form, ...]]):
    """The forms of each child, looked up once."""

    def __init__(self, owner: Type) -> None:
        super().__init__()
        self._owner = owner

    def __missing__(self, name: str) -> tuple[Form, ...]:
        forms = self._owner.forms(name)
        if forms:  # names that do not exist are the asker's; keeping them would let the table grow
            self[name] = forms
        return forms


class Element(msgspec.Struct, frozen=True, eq=False):
    """A value in its place.

    ``value`` is the JSON value, ``None`` for a primitive that has only extensions; ``key`` the JSON property
    of ``parent`` that holds it and ``index`` its place in that list, ``ALONE`` if it stands in none.
    """

    value: Any
    type: Type
    parent: Element | None = None
    key: str = ""
    index: int = ALONE

    @property
    def name(self) -> str:
        """The element's name: ``value`` where the property is ``valueQuantity``."""
        return self.key if self.parent is None else self.parent.type.form_of(self.key)[0]


def _lineage(structure: definitions.Structure) -> Iterator[str]:
    name = structure.name
    while name:
        yield name
        name = (structure if name == structure.name else definitions.structure(name)).base


@cache
def type_named(name: str) -> Type:
    """The type of that name, ``UNTYPED`` if there is none in R4."""
    try:
        return Type(definitions.structure(name))
    except KeyError:
        return UNTYPED


@cache
def _form(key: str, type_name: str) -> Form:
    type_ = type_named(type_name)
    return Form(key, f"_{key}", type_, type_.primitive)


def _untyped_form(key: str) -> Form:
    return Form(key, f"_{key}", UNTYPED, primitive=True)


def _as_is(element: Element) -> Item:
    return element.value


def _decimal(element: Element) -> Item:
    """The decimal with the digits it was written with, as far as the JSON reader kept them."""
    return _exact(element.value)


def _exact(value: Any) -> Any:
    """A JSON number as a decimal with its own digits; anything else as it is."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    return Decimal(getattr(value, "text", None) or repr(value))


def _quantity(element: Element) -> Item:
    """A System quantity if the value is exact (no comparator), else the element itself."""
    value = inside(element)
    amount, code = _exact(value.get("value")), value.get("code")
    if not isinstance(amount, Decimal) or value.get("comparator"):
        return element
    if value.get("system") == quantity.UCUM and code:
        return quantity.from_ucum(amount, str(code))
    return Quantity(amount, str(code or value.get("unit") or "1"))


def _moment(kind: str) -> Callable[[Element], Item]:
    def read(element: Element) -> Item:
        text = element.value
        return (temporal.parse(text, kind) or text) if isinstance(text, str) else text

    return read


def _untyped(element: Element) -> Item:
    value = element.value
    if isinstance(value, dict):
        return element
    return _exact(value) if isinstance(value, float) else value


def _itself(element: Element) -> Item:
    return element


_MOMENTS = {"date": "Date", "dateTime": "DateTime", "instant": "DateTime", "time": "Time"}


def _reader(type_: Type) -> Callable[[Element], Item]:
    """How the System value of an element of that type is had."""
    if type_.kind == "untyped":
        return _untyped
    if type_.name in _MOMENTS:
        return _moment(_MOMENTS[type_.name])
    if type_.name == "decimal":
        return _decimal
    if type_.primitive:
        return _as_is
    return _quantity if type_.is_a("Quantity") else _itself


UNTYPED: Type = _Untyped()
_RESOURCE = type_named("Resource")


def root(resource: Any) -> Element:
    """The element that a whole resource is."""
    return Element(resource, _actual(resource))


def _actual(value: Any) -> Type:
    """The type of a resource in the place of any resource."""
    name = value.get("resourceType") if value.__class__ is dict else None
    return type_named(name) if name.__class__ is str else UNTYPED


def system(item: Item) -> Item:
    """The System value of a primitive or quantity element; ``None`` without a value; others as they are."""
    return item.type.read(item) if item.__class__ is Element else item


def beside(element: Element) -> dict[str, Any]:
    """What stands in ``_key`` for a primitive: its id and extensions; empty if there is nothing."""
    if element.parent is None:
        return _NOTHING
    found = inside(element.parent).get(f"_{element.key}")
    if element.index != ALONE:
        found = found[element.index] if isinstance(found, list) and element.index < len(found) else None
    return found if isinstance(found, dict) else _NOTHING


def inside(element: Element) -> dict[str, Any]:
    """The JSON object that holds an element's children."""
    return element.value if element.value.__class__ is dict else beside(element)


def step(items: list[Item], name: str) -> list[Item]:
    """The children called ``name`` of all ``items``, in order."""
    found: list[Item] = []
    for item in items:
        if item.__class__ is not Element:
            if item.__class__ is Quantity and name in {"value", "unit"}:
                found.append(getattr(item, name))
            continue
        holder = item.value
        if holder.__class__ is not dict:
            holder = beside(item)
        forms: Sequence[Form] = item.type.children[name]
        if len(forms) > _FEW:
            forms = item.type.present(name, holder)
        for form in forms:
            if form.primitive:
                _add_primitives(item, holder, form, found)
            else:
                value = holder.get(form.key)
                if value is not None:
                    _add(item, value, form, found)
    return found


def _add(parent: Element, value: Any, form: Form, found: list[Item]) -> None:
    type_ = form.type
    for index, one in enumerate(value) if value.__class__ is list else ((ALONE, value),):
        if one is not None:
            actual = _actual(one) if type_ is _RESOURCE else type_
            found.append(Element(one, actual, parent, form.key, index))


def _add_primitives(parent: Element, holder: dict[str, Any], form: Form, found: list[Item]) -> None:
    value = holder.get(form.key)
    if form.beside in holder:
        _add_with_beside(parent, value, holder[form.beside], form, found)
    elif value.__class__ is list:
        _add(parent, value, form, found)
    elif value is not None:
        found.append(Element(value, form.type, parent, form.key))


def _add_with_beside(parent: Element, value: Any, others: Any, form: Form, found: list[Item]) -> None:
    if not isinstance(value, list) and not isinstance(others, list):
        if value is not None or others is not None:
            found.append(Element(value, form.type, parent, form.key))
        return
    values = value if isinstance(value, list) else []
    besides = others if isinstance(others, list) else []
    for index in range(max(len(values), len(besides))):
        one = values[index] if index < len(values) else None
        other = besides[index] if index < len(besides) else None
        if one is not None or other is not None:
            found.append(Element(one, form.type, parent, form.key, index))


def children(items: list[Item]) -> list[Item]:
    """All children of all ``items``, in the order of the JSON properties."""
    found: list[Item] = []
    for item in items:
        if item.__class__ is Element:
            _add_all(item, inside(item), found)
    return found


def _add_all(element: Element, holder: dict[str, Any], found: list[Item]) -> None:
    for key, value in holder.items():
        if key in _SKIPPED or (key[0] == "_" and key[1:] in holder):
            continue
        _, form = element.type.form_of(key.removeprefix("_"))
        if form.primitive:
            _add_primitives(element, holder, form, found)
        elif value is not None:
            _add(element, value, form, found)


def plain(item: Item) -> Any:
    """What a caller gets: an element's JSON value (of a primitive without a value what stands beside it)."""
    if item.__class__ is not Element:
        return item
    return dict(beside(item)) if item.value is None else item.value

"""The lines of Python that file one value, by the kind of parameter and the FHIR type of the value.

In them ``t``, ``g`` and ``s`` are the lists of tokens, ranges and strings, the value is in the variable
handed in, and what a line needs from outside is bound to a name by the ``Program``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeAlias

from xinglin.fhir.definitions import is_a
from xinglin.fhir.index import keys, values

if TYPE_CHECKING:
    from xinglin.fhir.index.routes import Route


@dataclass(frozen=True, slots=True)
class Filing:
    """The values of some routes are to be filed under ``path``.

    ``restricted``: types of which it is filed that one is referred to. ``part``: as components of a
    composite, so only by hashes or rows, without presence; ``systems`` then says whether by system too.
    ``patient``: name of a variable for the first patient referred to; ``main_date``: this is the type's date.
    """

    path: str
    kind: str
    routes: tuple[Route, ...]
    restricted: frozenset[str] = frozenset()
    required: bool = False
    part: bool = False
    systems: bool = True
    patient: str = ""
    main_date: bool = False


class Program(Protocol):
    """What leaves are written to."""

    name_keys: values.NameKeys | None

    def bind(self, value: object) -> str:
        """The name by which the program can reach ``value``."""

    def line(self, text: str, indent: int = 0) -> None:
        """Add a line, ``indent`` levels deeper than the current block."""


Leaf: TypeAlias = Callable[[Program, Filing, str], None]


def write(program: Program, filing: Filing, type_: str, variable: str) -> None:
    """Write the lines that file the value in ``variable``, of FHIR type ``type_``."""
    leaf = next(leaf for (kind, base), leaf in LEAVES.items() if kind == filing.kind and is_a(type_, base))
    leaf(program, filing, variable)


def _coding(program: Program, filing: Filing, x: str, known: str = "", indent: int = 0) -> None:
    known = known or program.bind(values.codings(filing.path, systems=filing.systems))
    program.line(f"m = {known}[{x}.get('system'), {x}.get('code'), {x}.get('display')]", indent)
    program.line("t += m[0]" if filing.part else "t += m[0]; s += m[1]", indent)


def _codeable_concept(program: Program, filing: Filing, x: str) -> None:
    known = program.bind(values.codings(filing.path, systems=filing.systems))
    program.line(f"for c in {x}.get('coding', ()):")
    _coding(program, filing, "c", known, indent=1)
    if not filing.part:
        texts = program.bind(values.texts(filing.path))
        program.line(f"if (y := {x}.get('text')) is not None: s += {texts}[y]")


def _code(program: Program, filing: Filing, x: str) -> None:
    program.line(f"t.append({program.bind(values.codes(filing.path))}[{x}])")


def _reference(program: Program, filing: Filing, x: str) -> None:
    known = program.bind(values.literals(filing.path, filing.restricted))
    program.line(f"if (y := {x}.get('reference')) is not None:")
    program.line(f"m = {known}[y]; t += m[0]", 1)
    if filing.patient:
        program.line(f"if m[1]: {filing.patient} = {filing.patient} or m[1]; a.append(m[1])", 1)
    if filing.part:
        return
    if filing.restricted:
        types = {type_: keys.presence_hash(filing.path, type_) for type_ in filing.restricted}
        named = program.bind(types)
        program.line(f"elif (y := {x}.get('type')) in {named}: t.append({named}[y])")
    identifier = program.bind(values.identifiers(f"{filing.path}:identifier"))
    program.line(f"if (y := {x}.get('identifier')) is not None: {identifier}(y, t, g, s)")


def _quantity(program: Program, filing: Filing, x: str) -> None:
    known, opened = program.bind(values.units(filing.path)), program.bind(values.opened)
    program.line(f"if (y := {x}.get('value')) is not None:")
    program.line(f"m = {known}[{x}.get('system'), {x}.get('code'), {x}.get('unit')]; y = float(y)", 1)
    program.line(f"lo, hi = (y, y) if (z := {x}.get('comparator')) is None else {opened}(y, z)", 1)
    program.line("t += m[0]", 1)
    program.line(f"for u in m[1]: g.append(({keys.key(filing.path)}, u, lo, hi))", 1)


def _number(program: Program, filing: Filing, x: str) -> None:
    program.line(f"y = float({x}); g.append(({keys.key(filing.path)}, 0, y, y))")


def _span(program: Program, filing: Filing, expression: str) -> None:
    program.line(f"m = {expression}; g += m[0]")
    if filing.main_date:
        program.line("if d is None: d = m[1]")


def _moment(program: Program, filing: Filing, x: str) -> None:
    _span(program, filing, f"{program.bind(values.moments(filing.path))}[{x}]")


def _period(program: Program, filing: Filing, x: str) -> None:
    known = program.bind(values.periods(filing.path))
    _span(program, filing, f"{known}[{x}.get('start'), {x}.get('end')]")


def _timing(program: Program, filing: Filing, x: str) -> None:
    _span(program, filing, f"{program.bind(values.timings(filing.path))}({x})")


def _string(program: Program, filing: Filing, x: str) -> None:
    program.line(f"m = {program.bind(values.strings(filing.path))}[{x}]")
    program.line("s += m[1]" if filing.part else "t += m[0]; s += m[1]")


def _tokens_of(make: Callable[[str], values.Memo[str, tuple[int, ...]]]) -> Leaf:
    def leaf(program: Program, filing: Filing, x: str) -> None:
        program.line(f"t += {program.bind(make(filing.path))}[{x}]")

    return leaf


def _filer(make: Callable[[Program, Filing], values.Filer]) -> Leaf:
    def leaf(program: Program, filing: Filing, x: str) -> None:
        program.line(f"{program.bind(make(program, filing))}({x}, t, g, s)")

    return leaf


# The first whose type is, or is specialised by, the type of the value.
LEAVES: dict[tuple[str, str], Leaf] = {
    ("token", "CodeableConcept"): _codeable_concept,
    ("token", "Coding"): _coding,
    ("token", "Identifier"): _filer(lambda _, f: values.identifiers(f.path, systems=f.systems)),
    ("token", "ContactPoint"): _filer(lambda _, f: values.contact_points(f.path)),
    ("token", "Element"): _code,
    ("reference", "Reference"): _reference,
    ("reference", "uri"): _tokens_of(values.canonicals),
    ("reference", "Resource"): _filer(lambda _, f: values.inline_resources(f.path)),
    ("string", "HumanName"): _filer(lambda p, f: values.human_names(f.path, p.name_keys)),
    ("string", "Address"): _filer(lambda _, f: values.addresses(f.path)),
    ("string", "Element"): _string,
    ("date", "Period"): _period,
    ("date", "Timing"): _timing,
    ("date", "Element"): _moment,
    ("number", "Range"): _filer(lambda _, f: values.between(f.path, plain=True)),
    ("number", "Element"): _number,
    ("quantity", "Quantity"): _quantity,
    ("quantity", "Money"): _filer(lambda _, f: values.money(f.path)),
    ("quantity", "Range"): _filer(lambda _, f: values.between(f.path, plain=False)),
    ("quantity", "SampledData"): _filer(lambda _, f: values.samples(f.path)),
    ("uri", "Element"): _tokens_of(values.uris),
    ("special", "Location.position"): _filer(lambda _, f: values.positions(f.path)),
}

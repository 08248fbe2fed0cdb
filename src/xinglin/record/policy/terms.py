"""What a policy says, read from TOML and checked. Pure.

``types`` of a rule are names of groups or of resource types. ``scope`` is how far it reaches:

* ``region``: every row;
* ``institution``: what the actor's institution has made or keeps, by its references, and its own Patients;
* ``consortium``: the same of all institutions that share a consortium with it;
* ``department``: what the actor's department has made, by its references, and the record of whoever has an open care
  relation of one of ``kinds`` with it;
* ``relation``: the record of whoever has an open care relation of one of ``kinds`` with the institution;
* ``own``: the same, of relations with the actor;
* ``emergency``: the record of whoever the actor has broken the glass for;
* ``nobody``: rows that are in no patient's compartment.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from xinglin.fhir import definitions
from xinglin.kernel.errors import invalid

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

ALL = "all"


class Scope(StrEnum):
    """How far a rule reaches."""

    REGION = "region"
    CONSORTIUM = "consortium"
    INSTITUTION = "institution"
    DEPARTMENT = "department"
    RELATION = "relation"
    OWN = "own"
    EMERGENCY = "emergency"
    NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class Rule:
    """``types`` None: all; ``purposes`` none: every one; ``withhold``: labels of rows that it does not show.

    ``qualified``: only for a practitioner whose registration holds.
    """

    name: str
    roles: frozenset[str]
    scope: Scope
    types: frozenset[str] | None = None
    purposes: frozenset[str] = frozenset()
    withhold: frozenset[str] = frozenset()
    kinds: frozenset[str] = frozenset()
    name_zh: str = ""
    qualified: bool = False

    def is_for(self, roles: frozenset[str], purpose: str) -> bool:
        return bool(self.roles & roles) and (not self.purposes or purpose in self.purposes)

    @property
    def is_unlimited(self) -> bool:
        unasked = not (self.withhold or self.qualified)
        return self.scope is Scope.REGION and self.types is None and unasked


@dataclass(frozen=True, slots=True)
class Relation:
    """A resource that opens a relation: ``institution`` and ``end`` are paths in it.

    It lasts ``days`` beyond the end.
    """

    type: str
    kind: str
    institution: str
    end: str = ""
    days: int | None = None
    closed: frozenset[str] = frozenset()  # values of ``status`` that end it at once
    when: str = ""  # a path whose value must be one of ``values`` (or none of ``unless``)
    values: frozenset[str] = frozenset()
    unless: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Label:
    """A kind of sensitive data: codes by system (prefixes), words, and the sender's own security labels."""

    code: str
    codes: Mapping[str, tuple[str, ...]]
    words: tuple[str, ...]
    security: frozenset[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Closed:
    """A kind of data that the region keeps to the institution it comes from, until the resident permits more."""

    name: str
    labels: frozenset[str] = frozenset()
    types: frozenset[str] | None = None
    name_zh: str = ""


@dataclass(frozen=True, slots=True)
class Consents:
    """What residents' own decisions mean in the region, and what holds where they have decided nothing."""

    emergency: bool = True  # a broken glass goes before a denial
    tell: bool = True  # a record may say that something of it is closed
    keepers: bool = False  # the institution that made or keeps a row sees it whatever was decided
    untouched: frozenset[str] = frozenset({"Patient", "Person", "Consent"})  # types that no decision closes
    exempt: frozenset[str] = frozenset({"own", "guardian"})  # relations with the reader himself
    beyond: frozenset[str] = frozenset()  # purposes for which nobody is asked
    clerks: frozenset[str] = frozenset(
        {"steward", "administrator"}
    )  # roles that keep decisions for residents
    senders: frozenset[str] = frozenset({"client"})  # roles that may send decisions taken elsewhere
    closed: tuple[Closed, ...] = ()


@dataclass(frozen=True, slots=True)
class Practice:
    """Which certificates say that somebody may practise, and what holds for an account that names no practitioner."""

    systems: frozenset[str] = frozenset()  # of identifiers of Practitioner.qualification; none: all of them
    unbound: bool = True  # whether an account without a practitioner counts as qualified


@dataclass(frozen=True, slots=True)
class Policy:
    """All of it. ``open`` lets everybody with the right to read see everything."""

    name: str
    version: str
    source: str
    effective: str
    confidence: str
    rules: tuple[Rule, ...] = ()
    makers: tuple[str, ...] = ()  # paths by which a resource names the institution that made or keeps it
    relations: tuple[Relation, ...] = ()
    labels: tuple[Label, ...] = ()
    breakers: frozenset[str] = frozenset()  # roles that may break the glass
    minutes: int = 60
    supervisors: frozenset[str] = frozenset()  # roles that are told when somebody has broken the glass
    open: bool = False
    consents: Consents = Consents()
    practice: Practice = Practice()


def read(text: str, labels: str, name: str) -> Policy:
    """From the TOML of a policy and of the sensitivity labels; raises ``invalid`` with the place of what is wrong."""
    given = _toml(text, name)
    groups = {key: frozenset(value["types"]) for key, value in given.get("group", {}).items()}
    for key, types in groups.items():
        _known_types(types, f"{name}: group.{key}")
    known = tuple(_label(each, name) for each in _toml(labels, "sensitivity").get("label", ()))
    codes = frozenset(label.code for label in known)
    glass = given.get("break_glass", {})
    about = _need(given, "policy", name)
    return Policy(
        name=str(_need(about, "name", name)),
        version=str(_need(about, "version", name)),
        source=str(_need(about, "source", name)),
        effective=str(_need(about, "effective", name)),
        confidence=str(_need(about, "confidence", name)),
        rules=tuple(_rule(n, each, groups, codes, name) for n, each in enumerate(given.get("rule", ()), 1)),
        makers=tuple(given.get("makers", {}).get("paths", ())),
        relations=tuple(_relation(each, name) for each in given.get("relation", ())),
        labels=known,
        breakers=frozenset(glass.get("roles", ())),
        minutes=int(glass.get("minutes", 60)),
        supervisors=frozenset(glass.get("supervisors", ("administrator", "auditor"))),
        open=bool(about.get("open", False)),
        practice=Practice(
            frozenset(given.get("practice", {}).get("systems", ())),
            bool(given.get("practice", {}).get("unbound", True)),
        ),
        consents=_consents(given.get("consent", {}), groups, codes, f"{name}: consent"),
    )


def _toml(text: str, name: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise invalid("The policy %(name)s is no TOML: %(error)s.", name=name, error=str(error)) from error


def _need(given: Mapping[str, Any], key: str, place: str) -> Any:
    if key not in given:
        raise invalid("The policy lacks %(key)s at %(place)s.", code="required", key=key, place=place)
    return given[key]


def _known_types(types: frozenset[str], place: str) -> None:
    for type_ in sorted(types):
        if not definitions.is_resource_type(type_):
            raise invalid("%(place)s: %(type)s is no resource type.", code="value", place=place, type=type_)


def _rule(
    number: int,
    given: Mapping[str, Any],
    groups: Mapping[str, frozenset[str]],
    labels: frozenset[str],
    name: str,
) -> Rule:
    place = f"{name}: rule {number}"
    scope = _need(given, "scope", place)
    if scope not in set(Scope):
        raise invalid(
            "%(place)s: the scope %(scope)s should be one of %(known)s.",
            code="value", place=place, scope=scope, known=", ".join(Scope),
        )  # fmt: skip
    types = _types(_need(given, "types", place), groups, place)
    withhold = _labels(given.get("withhold", ()), labels, place)
    return Rule(
        name=str(_need(given, "name", place)),
        roles=frozenset(_need(given, "roles", place)),
        scope=Scope(scope),
        types=types,
        purposes=frozenset(given.get("purposes", ())),
        withhold=withhold,
        kinds=frozenset(given.get("kinds", ())),
        name_zh=str(given.get("name_zh", "")),
        qualified=bool(given.get("qualified", False)),
    )


def _types(given: Iterable[str], groups: Mapping[str, frozenset[str]], place: str) -> frozenset[str] | None:
    """Types by their names and those of groups; None for all."""
    types: frozenset[str] | None = frozenset()
    for each in given:
        types = None if each == ALL or types is None else types | groups.get(each, frozenset({each}))
    _known_types(types or frozenset(), place)
    return types


def _labels(given: Iterable[str], labels: frozenset[str], place: str) -> frozenset[str]:
    found = labels if given == ALL else frozenset(given)
    if not found <= labels:
        unknown = ", ".join(sorted(found - labels))
        raise invalid("%(place)s: there is no label %(label)s.", code="value", place=place, label=unknown)
    return found


def _consents(
    given: Mapping[str, Any], groups: Mapping[str, frozenset[str]], labels: frozenset[str], place: str
) -> Consents:
    usual = Consents()
    known = {field.name for field in fields(Consents)}
    for key in given:
        if key not in known:
            raise invalid(
                "%(place)s: there is no %(key)s; there are %(known)s.",
                code="value", place=place, key=key, known=", ".join(sorted(known)),
            )  # fmt: skip
    untouched = _types(given.get("untouched", usual.untouched), groups, place)
    named = {
        key: frozenset(given.get(key, getattr(usual, key)))
        for key in ("exempt", "beyond", "clerks", "senders")
    }
    return Consents(
        emergency=bool(given.get("emergency", usual.emergency)),
        tell=bool(given.get("tell", usual.tell)),
        keepers=bool(given.get("keepers", usual.keepers)),
        exempt=named["exempt"],
        beyond=named["beyond"],
        clerks=named["clerks"],
        senders=named["senders"],
        untouched=usual.untouched if untouched is None else untouched,
        closed=tuple(
            Closed(
                str(_need(each, "name", place)),
                _labels(each.get("labels", ()), labels, place),
                _types(each["types"], groups, place) if "types" in each else None,
                str(each.get("name_zh", "")),
            )
            for each in given.get("closed", ())
        ),
    )


def _relation(given: Mapping[str, Any], name: str) -> Relation:
    place = f"{name}: relation"
    type_ = str(_need(given, "type", place))
    _known_types(frozenset({type_}), place)
    return Relation(
        type_,
        str(_need(given, "kind", place)),
        str(_need(given, "institution", place)),
        str(given.get("end", "")),
        given.get("days"),
        frozenset(given.get("closed", ())),
        str(given.get("when", "")),
        frozenset(given.get("values", ())),
        frozenset(given.get("unless", ())),
    )


def _label(given: Mapping[str, Any], name: str) -> Label:
    return Label(
        str(_need(given, "code", name)),
        {each["system"]: tuple(each["prefixes"]) for each in given.get("codes", ())},
        tuple(given.get("words", ())),
        frozenset((each["system"], code) for each in given.get("security", ()) for code in each["codes"]),
    )

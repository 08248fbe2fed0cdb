"""A resident's Consent, read as a tree of provisions; what cannot be kept is refused with its place. Pure.

https://hl7.org/fhir/R4/consent.html. The tree is a list of ``Node``s, each with the numbers of those above it. A
provision fits a row if all its elements do, and an element if one of its values does. What the innermost fitting
provisions say holds; where they differ, deny. A root with a ``type`` beside a ``policyRule`` is an exception to that
rule; without one it may only limit the rule's time, since what else it means is read in two ways.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from xinglin.fhir import dates, definitions
from xinglin.fhir.references import parse
from xinglin.kernel.errors import Fault, Issue, Kind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

TERMS = "http://terminology.hl7.org/CodeSystem/"
PRIVACY = "patient-privacy"
RESOURCE_TYPES = "http://hl7.org/fhir/resource-types"
PURPOSES = f"{TERMS}v3-ActReason"
_SCOPES = f"{TERMS}consentscope"
_PARTS = f"{TERMS}v3-ParticipationType"
_RECIPIENTS = frozenset({"IRCP", "PRCP"})  # who receives; CST is whose data they are
_HOLDER = "CST"
_RULES = {"OPTIN": False, "OPTOUT": True}  # of v3-ActCode: is everything denied?
_ACTIONS = frozenset({"access", "use", "disclose"})
_READERS = frozenset({"Organization", "Practitioner"})
_MOST_NODES = 200
_DEEPEST = 12
ALWAYS = (float("-inf"), float("inf"))
_KNOWN = frozenset({
    "id", "extension", "type", "period", "actor", "action", "securityLabel", "purpose", "class", "code", "dataPeriod",
    "data", "provision",
})  # fmt: skip
_PLAIN = frozenset({"id", "period", "provision"})  # of a root that only says how long the policyRule holds
_NOT_ABOUT_ACCESS = frozenset({"research", "treatment", "adr"})


@dataclass(frozen=True, slots=True)
class Node:
    """One provision. None: any; times are microseconds since 1970, with an end that does not belong to it."""

    number: int
    path: tuple[int, ...]  # from the root to this one
    denies: bool
    period: tuple[float, float] = ALWAYS
    actors: frozenset[str] | None = None  # Organization/… and Practitioner/…
    holders: frozenset[str] | None = None  # ids of Organizations that made or keep the data
    purposes: frozenset[str] | None = None
    types: frozenset[str] | None = None
    codes: frozenset[tuple[str, str]] | None = None
    labels: frozenset[str] | None = None
    dates: tuple[float, float] | None = None
    instances: frozenset[tuple[str, str]] | None = None

    @property
    def parent(self) -> int | None:
        return self.path[-2] if len(self.path) > 1 else None


@dataclass(frozen=True, slots=True)
class Terms:
    """What codes may be used: labels by system and code, and purposes."""

    labels: Mapping[tuple[str, str], str]
    purposes: frozenset[str]


def is_about_access(consent: Mapping[str, Any]) -> bool:
    """Whether the Consent is in force and decides who sees what; those to a treatment or a study do not."""
    return consent.get("status") == "active" and not _is_of_another_scope(consent)


def _is_of_another_scope(consent: Mapping[str, Any]) -> bool:
    codings = consent.get("scope", {}).get("coding", ())
    codes = {c.get("code") for c in codings if c.get("system") == _SCOPES}
    return PRIVACY not in codes and bool(codes & _NOT_ABOUT_ACCESS)


def patient_of(consent: Mapping[str, Any]) -> str | None:
    """The id of the Patient whose decision it is."""
    named = parse(str(consent.get("patient", {}).get("reference", "")))
    return named.id if named is not None and named.type == "Patient" else None


def read(consent: Mapping[str, Any], terms: Terms) -> tuple[Node, ...]:
    """The provisions of a Consent that is about access, the root first; raises ``invalid`` with every reason."""
    reading = _Reading(terms)
    nodes = reading.tree(consent)
    if reading.issues:
        raise Fault(Kind.INVALID, reading.issues)
    return nodes


@dataclass(slots=True)
class _Reading:
    """The reading of one Consent: gathers what is wrong."""

    terms: Terms
    issues: list[Issue] = field(default_factory=list)
    nodes: list[Node] = field(default_factory=list)

    def wrong(self, place: str, message: str, **params: object) -> None:
        self.issues.append(Issue("business-rule", message, params, place))

    def tree(self, consent: Mapping[str, Any]) -> tuple[Node, ...]:
        self._whole(consent)
        rule = self._rule(consent)
        root: Mapping[str, Any] = consent.get("provision", {})
        said = root.get("type")
        if rule is None and said is None:
            self.wrong(
                "Consent.provision.type",
                "The Consent decides nothing: it needs a policyRule OPTIN or OPTOUT, or provision.type.",
            )
            return ()
        if rule is not None and said is None and not root.keys() <= _PLAIN:
            self.wrong(
                "Consent.provision.type",
                "With a policyRule the provision is an exception to it: say in provision.type whether it denies or"
                " permits.",
            )
        if rule is None or said is None:
            denies = said == "deny" if rule is None else rule
            self._node(root, "Consent.provision", (), denies=denies)
        else:
            self.nodes.append(Node(0, (0,), denies=rule))
            self._node(root, "Consent.provision", (0,), denies=said == "deny")
        if len(self.nodes) > _MOST_NODES:
            self.wrong(
                "Consent.provision", "A Consent may have %(most)s provisions at most.", most=_MOST_NODES
            )
        return tuple(self.nodes)

    def _whole(self, consent: Mapping[str, Any]) -> None:
        for place in _modified(consent, "Consent"):
            self.wrong(
                place, "The platform does not know this modifierExtension and cannot keep to the Consent."
            )
        codings = consent.get("scope", {}).get("coding", ())
        if not any(c.get("system") == _SCOPES and c.get("code") == PRIVACY for c in codings):
            self.wrong(
                "Consent.scope", "An active Consent needs a scope of %(system)s, such as %(code)s.",
                system=_SCOPES, code=PRIVACY,
            )  # fmt: skip
        if patient_of(consent) is None:
            self.wrong("Consent.patient", "It must say by a reference Patient/… whose decision it is.")

    def _rule(self, consent: Mapping[str, Any]) -> bool | None:
        given = consent.get("policyRule")
        if given is None:
            return None
        for coding in given.get("coding", ()):
            if coding.get("system") == f"{TERMS}v3-ActCode" and coding.get("code") in _RULES:
                return _RULES[coding["code"]]
        self.wrong(
            "Consent.policyRule", "The platform knows the rules OPTIN and OPTOUT of %(system)s.",
            system=f"{TERMS}v3-ActCode",
        )  # fmt: skip
        return None

    def _node(self, given: Mapping[str, Any], place: str, above: tuple[int, ...], *, denies: bool) -> None:
        if len(above) >= _DEEPEST:
            self.wrong(place, "Provisions may be nested %(most)s deep at most.", most=_DEEPEST)
            return
        for key in given:
            if key not in _KNOWN and not key.startswith("_") and key != "modifierExtension":
                self.wrong(f"{place}.{key}", "The platform cannot keep to this.")
        path = (*above, len(self.nodes))
        self._action(given, place)
        actors, holders = self._actors(given, place)
        self.nodes.append(
            Node(
                path[-1], path, denies, self._period(given.get("period"), f"{place}.period") or ALWAYS,
                actors, holders, self._purposes(given, place), self._types(given, place), self._codes(given, place),
                self._labels(given, place), self._period(given.get("dataPeriod"), f"{place}.dataPeriod"),
                self._instances(given, place),
            )
        )  # fmt: skip
        for n, child in enumerate(given.get("provision", ())):
            below = f"{place}.provision[{n}]"
            if child.get("type") not in ("deny", "permit"):
                self.wrong(f"{below}.type", "A provision within another must say deny or permit.")
            self._node(child, below, path, denies=child.get("type") == "deny")

    def _period(self, given: Mapping[str, Any] | None, place: str) -> tuple[float, float] | None:
        if given is None:
            return None
        start, end = ALWAYS
        if "start" in given:
            start = dates.interval(str(given["start"]))[0]
        if "end" in given:
            end = dates.interval(str(given["end"]))[1]
        if "start" not in given and "end" not in given:
            self.wrong(place, "A period needs a start or an end.")
        return start, end

    def _action(self, given: Mapping[str, Any], place: str) -> None:
        said = given.get("action")
        if said is None:
            return
        codes = {_code(each, f"{TERMS}consentaction") for each in said}
        if "access" not in codes or not codes <= _ACTIONS:
            self.wrong(
                f"{place}.action",
                "The platform decides about access (with use and disclose); it cannot keep to other actions.",
            )

    def _actors(
        self, given: Mapping[str, Any], place: str
    ) -> tuple[frozenset[str] | None, frozenset[str] | None]:
        readers: set[str] = set()
        holders: set[str] = set()
        for n, each in enumerate(given.get("actor", ())):
            at = f"{place}.actor[{n}]"
            role = _code(each.get("role", {}), _PARTS)
            named = parse(str(each.get("reference", {}).get("reference", "")))
            if role == _HOLDER and named is not None and named.type == "Organization":
                holders.add(named.id)
            elif role in _RECIPIENTS and named is not None and named.type in _READERS:
                readers.add(f"{named.type}/{named.id}")
            elif role == _HOLDER or role in _RECIPIENTS:
                self.wrong(
                    f"{at}.reference",
                    "A reader is an Organization or Practitioner of this platform, who holds data an Organization.",
                )
            else:
                self.wrong(
                    f"{at}.role",
                    "The role of an actor is IRCP or PRCP (who reads) or CST (who holds the data) of %(system)s.",
                    system=_PARTS,
                )
        return frozenset(readers) or None, frozenset(holders) or None

    def _purposes(self, given: Mapping[str, Any], place: str) -> frozenset[str] | None:
        found = set()
        for n, coding in enumerate(given.get("purpose", ())):
            if coding.get("system") == PURPOSES and coding.get("code") in self.terms.purposes:
                found.add(str(coding["code"]))
            else:
                self.wrong(
                    f"{place}.purpose[{n}]", "The platform knows these purposes of %(system)s: %(known)s.",
                    system=PURPOSES, known=", ".join(sorted(self.terms.purposes)),
                )  # fmt: skip
        return frozenset(found) or None

    def _types(self, given: Mapping[str, Any], place: str) -> frozenset[str] | None:
        found = set()
        for n, coding in enumerate(given.get("class", ())):
            code = str(coding.get("code"))
            if coding.get("system") == RESOURCE_TYPES and definitions.is_resource_type(code):
                found.add(code)
            else:
                self.wrong(
                    f"{place}.class[{n}]", "A class is a resource type of %(system)s.", system=RESOURCE_TYPES
                )
        return frozenset(found) or None

    def _codes(self, given: Mapping[str, Any], place: str) -> frozenset[tuple[str, str]] | None:
        found = set()
        for n, concept in enumerate(given.get("code", ())):
            codings = [c for c in concept.get("coding", ()) if c.get("system") and c.get("code")]
            found |= {(str(c["system"]), str(c["code"])) for c in codings}
            if not codings:
                self.wrong(f"{place}.code[{n}]", "A code needs a coding with system and code.")
        return frozenset(found) or None

    def _labels(self, given: Mapping[str, Any], place: str) -> frozenset[str] | None:
        found = set()
        for n, coding in enumerate(given.get("securityLabel", ())):
            label = self.terms.labels.get((str(coding.get("system")), str(coding.get("code"))))
            if label is None:
                known = ", ".join(sorted({code for _, code in self.terms.labels}))
                self.wrong(
                    f"{place}.securityLabel[{n}]", "The platform knows these labels: %(known)s.", known=known
                )
            else:
                found.add(label)
        return frozenset(found) or None

    def _instances(self, given: Mapping[str, Any], place: str) -> frozenset[tuple[str, str]] | None:
        found = set()
        for n, each in enumerate(given.get("data", ())):
            named = parse(str(each.get("reference", {}).get("reference", "")))
            if each.get("meaning") != "instance" or named is None:
                self.wrong(
                    f"{place}.data[{n}]",
                    "Data are named by meaning instance and a reference to one resource.",
                )
            else:
                found.add((named.type, named.id))
        return frozenset(found) or None


def _code(concept: Mapping[str, Any], system: str) -> str | None:
    return next((c.get("code") for c in concept.get("coding", ()) if c.get("system") == system), None)


def _modified(value: Any, place: str) -> Iterator[str]:
    """Where something says that it changes the meaning of what it stands in."""
    if isinstance(value, dict):
        if value.get("modifierExtension"):
            yield f"{place}.modifierExtension"
        for key, child in value.items():
            if key != "contained":
                yield from _modified(child, f"{place}.{key}")
    elif isinstance(value, list):
        for n, child in enumerate(value):
            yield from _modified(child, f"{place}[{n}]")


def terms_of(labels: Iterable[Any], purposes: Iterable[str]) -> Terms:
    """From the policy's labels, each by its own code: another one's data would be more than was meant."""
    known = {pair: label.code for label in labels for pair in label.security if pair[1] == label.code}
    return Terms(known, frozenset(purposes))

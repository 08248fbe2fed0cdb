"""What samples are worth: read and mapped as the door itself does it, nothing written, and judged point by point."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Protocol

from django.utils.translation import gettext_noop

from xinglin.exchange import naming, reading
from xinglin.exchange.doors import ERROR
from xinglin.exchange.onboarding.rules import Mark
from xinglin.exchange.receipts import Delivery
from xinglin.fhir import references, validation

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from collections.abc import Set as AbstractSet

    from xinglin.exchange.doors import Door, Envelope, Reason, Sender, Translated
    from xinglin.exchange.onboarding.rules import Kit, Point
    from xinglin.exchange.onboarding.samples import Sample

MOST_FINDINGS = 40  # of one point: the rest would say the same
_OF_CODES = {"code-invalid": "codes", "required": "required", "not-found": "linked"}

Key = tuple[str, str]


class Known(Protocol):
    """What the platform knows besides the samples."""

    def code(self, system: str, code: str) -> bool | None:
        """Whether a code system has a code; None where the system is not kept whole here."""

    def there(self, wanted: AbstractSet[Key]) -> AbstractSet[Key]:
        """Which of these (type, id) are in the record."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong with a sample: in which file and message, where in it, and what would be right."""

    sample: str
    place: str
    text: str
    params: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Result:
    """How a point stands: of ``seen`` things so many are ``right``."""

    point: Point
    right: int = 0
    seen: int = 0
    findings: list[Finding] = field(default_factory=list)

    @property
    def mark(self) -> Mark:
        return self.point.mark(self.right, self.seen)

    def count(self, right: bool, finding: Finding | None = None) -> None:
        self.seen += 1
        self.right += right
        if not right and finding is not None and len(self.findings) < MOST_FINDINGS:
            self.findings.append(finding)


@dataclass(frozen=True, slots=True)
class Report:
    """What came of samples. ``kinds``: of each kind of message how many were good, and how many came."""

    door: str
    kit: str
    samples: int
    kinds: dict[str, tuple[int, int]]
    results: tuple[Result, ...]

    @property
    def is_green(self) -> bool:
        """Whether no point fails."""
        return all(result.mark is not Mark.FAIL for result in self.results)


@dataclass(slots=True)
class _Read:
    """A sample that was read and mapped."""

    sample: Sample
    envelope: Envelope
    told: Translated
    spoilt: bool
    good: bool = True


def examine(
    door: Door, samples: Sequence[Sample], sender: Sender, kit: Kit, known: Known, wanted: Sequence[str] = ()
) -> Report:
    """Judge samples as if ``sender`` sent them. ``wanted``: kinds of message that have to be among them."""
    results = {point.id: Result(point) for point in kit.points}
    reads = [_read(door, sample, sender) for sample in samples]
    for one in reads:
        _structure(one, results)
    usable = [one for one in reads if one.told.is_usable]
    _codes(usable, results, sender, kit, known)
    _elements(usable, results, kit)
    _linkage(usable, results, kit, known)
    _timeliness(reads, results, kit)
    kinds = _kinds(door, reads, results["kinds"], kit, wanted)
    return Report(door.value, kit.version, len(samples), kinds, tuple(results.values()))


def _read(door: Door, sample: Sample, sender: Sender) -> _Read:
    envelope, spoilt = reading.opened(Delivery(sender, door, sample.body, sample.media))
    told = spoilt or reading.translated(door, sample.body, sample.media, sender)
    return _Read(sample, envelope, told, spoilt is not None)


# -- structure


def _structure(one: _Read, results: dict[str, Result]) -> None:
    name = one.sample.name
    first = one.told.reasons[0] if one.spoilt and one.told.reasons else None
    results["readable"].count(not one.spoilt, _of_reason(name, first) if first else None)
    if one.spoilt:
        one.good = False
        return
    wrong = [r for r in one.told.reasons if r.severity == ERROR and r.code not in _OF_CODES]
    results["mapped"].count(not wrong)
    for reason in wrong[:MOST_FINDINGS]:
        _add(results["mapped"], _of_reason(name, reason))
    for reason in one.told.reasons:
        point = _OF_CODES.get(reason.code)
        if point is not None:
            results[point].count(False, _of_reason(name, reason))
    number = gettext_noop(
        "The message has no number of its own, so that a repeat cannot be told from a new one."
    )
    results["own-number"].count(bool(one.envelope.control), Finding(name, "", number))
    one.good = one.told.is_usable and _sound(one, results["sound"])


def _sound(one: _Read, result: Result) -> bool:
    """Whether the resources that come of it are valid."""
    sound = True
    for resource in one.told.resources:
        whole = {name: value for name, value in resource.items() if value is not None}
        issues = [i for i in validation.check(whole) if i.severity in ("error", "fatal")]
        result.count(not issues)
        for issue in issues[:3]:
            _add(result, Finding(one.sample.name, issue.expression or "", issue.message, dict(issue.params)))
        sound = sound and not issues
    return sound


def _kinds(
    door: Door, reads: Iterable[_Read], result: Result, kit: Kit, wanted: Sequence[str]
) -> dict[str, tuple[int, int]]:
    came, good = Counter[str](), Counter[str]()
    for one in reads:
        kind = one.envelope.kind
        if kind:
            came[kind] += 1
            good[kind] += one.good
    fewest = kit.fewest.get(door.value, 1)
    for kind in wanted or sorted(came):
        said = gettext_noop("%(good)s good messages of %(kind)s were shown; %(fewest)s are asked for.")
        result.count(
            good[kind] >= fewest,
            Finding("", kind, said, {"good": good[kind], "kind": kind, "fewest": fewest}),
        )
    return {kind: (good[kind], came[kind]) for kind in sorted({*came, *wanted})}


# -- codes


def _codes(
    reads: Sequence[_Read], results: dict[str, Result], sender: Sender, kit: Kit, known: Known
) -> None:
    own = naming.system_of(sender.code, "")
    unknown = gettext_noop("The code %(code)s is not in the code system %(system)s.")
    words = gettext_noop("%(element)s of %(type)s is told in words alone; give a code.")
    for one in reads:
        for resource in one.told.resources:
            for place, system, code in _codings(resource, str(resource["resourceType"])):
                held = None if system.startswith(own) else known.code(system, code)
                if held is not None:
                    finding = Finding(one.sample.name, place, unknown, {"code": code, "system": system})
                    results["codes"].count(held, finding)
            element = kit.coded.get(resource["resourceType"])
            concept = resource.get(element) if element else None
            if isinstance(concept, dict):
                finding = Finding(
                    one.sample.name, f"{resource['resourceType']}.{element}", words,
                    {"element": element, "type": resource["resourceType"]},
                )  # fmt: skip
                results["coded"].count(any(c.get("code") for c in concept.get("coding", ())), finding)


def _codings(node: Any, place: str) -> Iterator[tuple[str, str, str]]:
    """(place, system, code) of each Coding."""
    if isinstance(node, dict):
        system, code = node.get("system"), node.get("code")
        if isinstance(system, str) and isinstance(code, str) and "value" not in node:
            yield place, system, code
        for name, child in node.items():
            yield from _codings(child, f"{place}.{name}")
    elif isinstance(node, list):
        for at, child in enumerate(node):
            yield from _codings(child, f"{place}[{at}]")


# -- elements


def _elements(reads: Sequence[_Read], results: dict[str, Result], kit: Kit) -> None:
    missing = gettext_noop("%(element)s of %(type)s has no value.")
    for one in reads:
        for resource in one.told.resources:
            type_ = str(resource["resourceType"])
            for point, by_type in (("required", kit.required), ("useful", kit.useful)):
                for ways in by_type.get(type_, ()):
                    has = any(resource.get(way) not in (None, "", [], {}) for way in ways)
                    told = {"element": " | ".join(ways), "type": type_}
                    results[point].count(has, Finding(one.sample.name, f"{type_}.{ways[0]}", missing, told))


# -- linkage


def _linkage(reads: Sequence[_Read], results: dict[str, Result], kit: Kit, known: Known) -> None:
    own = {(r["resourceType"], r["id"]) for one in reads for r in one.told.resources}
    named: list[tuple[_Read, str, Key]] = []
    for one in reads:
        for resource in one.told.resources:
            named += [(one, resource["resourceType"], key) for key in _named(resource)]
    there = own | set(known.there({key for _, _, key in named} - own))
    lost = gettext_noop(
        "%(type)s refers to a %(target)s that is neither among the samples nor in the record."
    )
    for one, type_, key in named:
        finding = Finding(one.sample.name, f"{type_} → {key[0]}", lost, {"type": type_, "target": key[0]})
        results["linked" if key[0] in kit.must else "related"].count(key in there, finding)
    vague = gettext_noop(
        "Of this patient neither an identity document nor a telephone is told; people of one name mix."
    )
    for one in reads:
        for resource in one.told.resources:
            if resource["resourceType"] == "Patient":
                results["identified"].count(
                    _is_told_apart(resource), Finding(one.sample.name, "Patient", vague)
                )


def _named(resource: dict[str, Any]) -> Iterator[Key]:
    for holder in references.holders(resource):
        found = references.parse(str(holder["reference"]))
        if found is not None and found.type and found.id:
            yield found.type, found.id


def _is_told_apart(patient: dict[str, Any]) -> bool:
    """By a document (an identifier beside the sender's own number), or by a telephone."""
    foreign = [i for i in patient.get("identifier") or () if ":patient" not in str(i.get("system", ""))]
    return bool(foreign or patient.get("telecom"))


# -- timeliness


def _timeliness(reads: Iterable[_Read], results: dict[str, Result], kit: Kit) -> None:
    undated = gettext_noop("The message does not say when it was sent.")
    late = gettext_noop("%(type)s was told %(hours)s hours after the event; %(most)s are allowed.")
    early = gettext_noop("%(type)s happens %(hours)s hours after its message was sent.")
    for one in reads:
        if one.spoilt:
            continue
        sent, name = one.envelope.sent_at, one.sample.name
        results["dated"].count(sent is not None, Finding(name, "", undated))
        if sent is None:
            continue
        sent = sent if sent.tzinfo else sent.replace(tzinfo=UTC)
        for resource in one.told.resources:
            type_ = str(resource["resourceType"])
            moment = _moment(resource, kit.moments.get(type_, ()))
            if moment is None:
                continue
            hours = (sent - moment).total_seconds() / 3600
            told = {"type": type_, "hours": round(abs(hours), 1), "most": f"{kit.hours[type_]:g}"}
            results["possible"].count(hours >= -0.1, Finding(name, type_, early, told))
            if hours >= -0.1:
                results["timely"].count(hours <= kit.hours[type_], Finding(name, type_, late, told))


def _moment(resource: dict[str, Any], ways: Iterable[tuple[str, ...]]) -> datetime | None:
    """When it happened, to the second; a day alone says too little."""
    for way in ways:
        value: Any = resource
        for name in way:
            value = value.get(name) if isinstance(value, dict) else None
        if isinstance(value, str) and "T" in value:
            try:
                found = datetime.fromisoformat(value)
            except ValueError:
                continue
            return found if found.tzinfo else found.replace(tzinfo=UTC)
    return None


# -- within


def _of_reason(name: str, reason: Reason) -> Finding:
    return Finding(name, reason.place, reason.text, dict(reason.params))


def _add(result: Result, finding: Finding) -> None:
    if len(result.findings) < MOST_FINDINGS:
        result.findings.append(finding)

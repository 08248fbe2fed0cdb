"""Samples through their door in dry run: nothing is written, everything is found.

Readers, mappings and checks are those that messages meet when they are sent (``exchange.reading``), and what comes of
them is checked as the record checks what it stores. What the standards leave open is judged by the points (``points``).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol

from django.utils.translation import gettext_noop

from xinglin.exchange import reading
from xinglin.exchange.doors import ERROR, WARNING, Door, Envelope
from xinglin.exchange.onboarding import coding, identities, linking, placing, rules
from xinglin.exchange.onboarding.linking import Read
from xinglin.exchange.onboarding.rules import Finding, Judged, Report, Tally
from xinglin.exchange.receipts import Delivery
from xinglin.fhir import json, validation

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from xinglin.exchange.doors import Reason, Sender
    from xinglin.exchange.onboarding.points import Kinds, Scheme
    from xinglin.exchange.onboarding.samples import Sample

_FORM = "structure.form"


class Codes(Protocol):
    """What says whether a code is known."""

    def of(self, system: str, code: str, /) -> coding.Answer: ...


class Bench:
    """What samples are tried against: a sender at a door, the points, the kinds that are asked for, the codes."""

    def __init__(self, scheme: Scheme, door: Door, sender: Sender, kinds: Kinds, codes: Codes) -> None:
        self.scheme = scheme
        self.door = door
        self.sender = sender
        self.kinds = kinds
        self.codes = codes


def check(bench: Bench, samples: Sequence[Sample], *, now: datetime) -> Report:
    """Try a set of samples. ``now`` is when they arrived."""
    one = _Trial(bench, samples)
    for number, sample in enumerate(samples):
        one.read(number, sample)
    for read in one.reads:
        one.look_at(read)
    told = [
        found
        for found in linking.look(bench.scheme, bench.kinds, bench.door.value, one.reads, now=now)
        if found[0] in one.points
    ]
    one.add(linking.tallied(told), (finding for _, _, finding in told if finding is not None))
    return one.report()


class _Trial:
    """A set of samples while it is tried."""

    def __init__(self, bench: Bench, samples: Sequence[Sample]) -> None:
        self.bench = bench
        self.samples = samples
        self.points = {one.key for one in bench.scheme.points_of(bench.door.value)}
        self.tallies: dict[str, Tally] = defaultdict(Tally)
        self.findings: list[Finding] = []
        self.reads: list[Read] = []
        self.envelopes: list[Envelope] = []
        self.made: dict[int, tuple[str, ...]] = {}  # the types of what a sample made
        self._shown: Counter[tuple[str, int | None]] = Counter()

    def add(self, tallies: dict[str, Tally], findings: Iterable[Finding]) -> None:
        for point, tally in tallies.items():
            self.tallies[point] += tally
        for one in findings:
            self.find(one)

    def find(self, finding: Finding) -> None:
        """Keep a finding; of many of one point in one sample the first ones."""
        self._shown[finding.point, finding.sample] += 1
        if self._shown[finding.point, finding.sample] > self.bench.scheme.shown_each:
            return
        if finding.sample is not None and not finding.line:
            finding = replace(finding, line=self._line(finding.sample, finding.place))
        self.findings.append(finding)

    def _line(self, number: int, place: str) -> int:
        door, charset, body = self.bench.door, self.bench.sender.charset, self.samples[number].body
        sources = self.bench.scheme.sources.get(door.value, {})
        return placing.line_of(door, body, place, charset) or placing.line_of_made(
            door, body, place, self.made.get(number, ()), sources, charset
        )

    def tally(self, point: str, good: bool) -> None:
        self.tallies[point] += Tally(1, int(good))

    # -- one sample through the door

    def read(self, number: int, sample: Sample) -> None:
        bench = self.bench
        delivery = Delivery(bench.sender, bench.door, sample.body, sample.media)
        envelope, spoilt = reading.opened(delivery)
        self.envelopes.append(envelope)
        told = spoilt or reading.translated(bench.door, sample.body, sample.media, bench.sender)
        self.tally("structure.readable", spoilt is None)
        if spoilt is not None:
            for reason in spoilt.reasons:
                self.find(_finding("structure.readable", number, reason))
            return
        self._reasons(number, told.reasons)
        resources = [_without_gaps(one) for one in told.resources]
        self.made[number] = tuple(str(one["resourceType"]) for one in resources)
        if told.is_usable:
            self.reads.append(Read(number, envelope, _placed(bench.door, sample.body, resources)))
        elif told.resources:
            self.reads.append(Read(number, envelope, []))

    def _reasons(self, number: int, reasons: Sequence[Reason]) -> None:
        """What the door says of a sample, by the points that it tells against."""
        against = {_FORM: True, **dict.fromkeys(self.bench.scheme.reasons.values(), True)}
        for reason in reasons:
            point = self.bench.scheme.reasons.get(reason.code, _FORM)
            point = point if point in self.points else _FORM
            if reason.severity == ERROR:
                against[point] = False
            self.find(_finding(point, number, reason))
        for point, good in against.items():
            if not good or (point in self.points and not point.startswith("linkage.")):
                self.tally(point, good)

    # -- what came of it

    def look_at(self, one: Read) -> None:
        """Each resource by the standard, the region's elements, and the terminology."""
        issues = [issue for place, resource in one.resources for issue in _issues(place, resource)]
        self.tally("structure.record", not issues)
        for code, place, text, params in issues:
            self.find(Finding("structure.record", one.number, ERROR, code, place, text, params))
        for place, resource in one.resources:
            self._elements(one.number, place, resource)
            self._codes(one.number, place, resource)
            if resource["resourceType"] == "Patient":
                self._identity(one.number, place, resource)

    def _elements(self, number: int, place: str, resource: dict[str, Any]) -> None:
        for element in self.bench.scheme.elements:
            if element.type != resource["resourceType"]:
                continue
            good = element.holds(resource) == [True]
            self.tally("required.region", good)
            if not good:
                text = gettext_noop("The region asks for %(element)s (%(name)s).")
                params = {"element": element.name_en, "name": element.name}
                self.find(Finding("required.region", number, WARNING, "required", place, text, params))

    def _identity(self, number: int, place: str, patient: dict[str, Any]) -> None:
        for at, text in identities.said(patient, self.bench.scheme.identity):
            wrong = identities.wrong(text, patient)
            self.tally("codes.identity", not wrong)
            if wrong:
                where = f"{place}.identifier[{at}]"
                self.find(Finding("codes.identity", number, WARNING, "value", where, wrong))

    def _codes(self, number: int, place: str, resource: dict[str, Any]) -> None:
        for concept in coding.concepts(resource, place):
            answers = [(pair, self.bench.codes.of(*pair)) for pair in concept.codings]
            for (system, code), answer in answers:
                if answer.loaded:
                    self._code(number, concept.place, system, code, answer)
            if concept.place.rpartition(".")[2] in self.bench.scheme.clinical and not concept.bound:
                self._standard(number, concept, any(answer.loaded for _, answer in answers))

    def _code(self, number: int, place: str, system: str, code: str, answer: coding.Answer) -> None:
        issue = answer.issue
        if issue is None:
            self.tally("codes.known", good=True)
            return
        if issue.severity != "warning":  # the system is whole, so there is no such code
            self.tally("codes.known", good=False)
        params = dict(issue.params) or {"code": code, "system": system}
        self.find(Finding("codes.known", number, WARNING, issue.code, place, issue.message, params))

    def _standard(self, number: int, concept: coding.Concept, known: bool) -> None:
        prefixes = self.bench.scheme.standard
        standard = known or any(system.startswith(prefixes) for system, _ in concept.codings)
        self.tally("codes.standard", standard)
        if not standard:
            text = gettext_noop("This has no code of a standard; map the institution's own code to one.")
            self.find(Finding("codes.standard", number, WARNING, "code-invalid", concept.place, text))

    # -- the whole

    def report(self) -> Report:
        bench, scheme = self.bench, self.bench.scheme
        judged = tuple(self._judged(number, sample) for number, sample in enumerate(self.samples))
        covered = rules.covered(bench.kinds.requirements, bench.kinds.each, judged)
        if judged:
            self.tallies["structure.kinds"] = Tally(len(covered), sum(one.is_met for one in covered))
        for one in covered:
            if not one.is_met:
                text = gettext_noop("There are %(good)s good samples of %(kinds)s; %(wanted)s are asked for.")
                params = {"good": one.good, "wanted": one.wanted, "kinds": ", ".join(one.kinds)}
                self.find(Finding("structure.kinds", None, ERROR, "required", "", text, params))
        marks = rules.marks(scheme, bench.door.value, self.tallies)
        return Report(
            bench.door.value, bench.kinds.key, scheme.version, marks, covered, judged, tuple(self.findings),
            rules.score(marks), rules.level(scheme, marks), rules.is_green(scheme, marks, judged),
        )  # fmt: skip

    def _judged(self, number: int, sample: Sample) -> Judged:
        envelope = self.envelopes[number]
        errors, warnings = rules.counts(self.findings, number)
        return Judged(sample.name, envelope.kind, envelope.control, len(sample.body), errors, warnings)


def _finding(point: str, number: int, reason: Reason) -> Finding:
    return Finding(
        point, number, reason.severity, reason.code, reason.place, reason.text, dict(reason.params)
    )


def _without_gaps(resource: dict[str, Any]) -> dict[str, Any]:
    """As it would be stored: what a mapping takes away is not there."""
    return {name: value for name, value in resource.items() if value is not None}


def _placed(door: Door, body: bytes, resources: Sequence[dict[str, Any]]) -> list[tuple[str, dict[str, Any]]]:
    """Each resource with its place: in a bundle where it was sent, elsewhere its type and number."""
    if door is Door.FHIR:
        sent = json.parse(body)
        if isinstance(sent, dict) and sent.get("resourceType") == "Bundle":
            entries = [
                (f"Bundle.entry[{at}].resource", entry["resource"])
                for at, entry in enumerate(sent.get("entry", ()))
                if isinstance(entry, dict) and isinstance(entry.get("resource"), dict)
            ]
            if len(entries) == len(resources):
                return [(place, one) for (place, _), one in zip(entries, resources, strict=True)]
        elif len(resources) == 1:
            return [(resources[0]["resourceType"], resources[0])]
    return [(f"{one['resourceType']}[{at}]", one) for at, one in enumerate(resources)]


def _issues(place: str, resource: dict[str, Any]) -> Iterator[tuple[str, str, str, dict[str, Any]]]:
    for issue in validation.check(resource, expression_prefix=place):
        if issue.severity in {"error", "fatal"}:
            yield issue.code, issue.expression or place, issue.message, dict(issue.params)


def envelope_of(bench: Bench, sample: Sample) -> tuple[str, str]:
    """Kind and number of a sample; empty texts where it cannot be opened."""
    envelope, _ = reading.opened(Delivery(bench.sender, bench.door, sample.body, sample.media))
    return envelope.kind, envelope.control

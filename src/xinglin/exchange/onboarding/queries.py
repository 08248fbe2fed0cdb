"""What can be asked of onboardings, each within what the asker may see."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import Max, Q
from django.utils.translation import gettext_noop

from xinglin.exchange import custody, senders
from xinglin.exchange.onboarding import rules
from xinglin.exchange.onboarding.models import Finding, Onboarding, Sample, Trial
from xinglin.exchange.onboarding.rules import KEY_PREFIX, TAKES, Covered, Judged, Mark, Report, State
from xinglin.kernel.errors import not_found
from xinglin.record import database, sealing

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from xinglin.exchange.onboarding.models import Step
    from xinglin.exchange.rights import Scope

LISTED = 200
AT_ONCE = 500  # samples that are forgotten in one go


@dataclass(frozen=True, slots=True)
class Row:
    """An onboarding as it is listed, with its last trial."""

    onboarding: Onboarding
    trial: Trial | None


@dataclass(frozen=True, slots=True)
class Said:
    """A finding opened: as ``rules.Finding``, with the sample's row."""

    point: str
    sample: Sample | None
    number: int  # of the sample in the set, from 1; 0 for the set
    severity: str
    code: str
    place: str
    line: int
    text: str
    params: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Result:
    """The last trial with what it found."""

    trial: Trial
    marks: tuple[Mark, ...]
    covered: tuple[Covered, ...]


def every(scope: Scope) -> list[Row]:
    """The onboardings that somebody sees: those that go on first, then the latest."""
    found = _seen(scope)
    going = [one for one in found if State(one.state) in TAKES]
    ended = [one for one in found if State(one.state) not in TAKES]
    latest: dict[int, Trial] = {}
    for trial in Trial.objects.filter(onboarding__in=found).order_by("pk"):
        latest[trial.onboarding_id] = trial
    return [Row(one, latest.get(one.pk)) for one in (*going, *ended)]


def _seen(scope: Scope) -> list[Onboarding]:
    wanted = Onboarding.objects.order_by("-pk")
    if scope.organization:
        wanted = wanted.filter(organization=scope.organization)
    return list(wanted[:LISTED])


def one(scope: Scope, number: int) -> Onboarding:
    """One of them; fault ``not_found``."""
    found = Onboarding.objects.filter(pk=number).first()
    if found is None or (scope.organization and found.organization != scope.organization):
        raise not_found(gettext_noop("There is no such onboarding."))
    return found


def outlived(before: datetime) -> list[Sample]:
    """Samples that nobody needs any more: taken away before that moment, or of an onboarding that ended before it."""
    ended = (
        Onboarding.objects.exclude(state__in=TAKES)
        .annotate(last=Max("steps__moment"))
        .filter(last__lt=before)
        .values("pk")
    )
    wanted = Q(removed__lt=before) | Q(onboarding__in=ended)
    return list(Sample.objects.filter(wanted).order_by("pk")[:AT_ONCE])


def still_needed(digests: Sequence[bytes], but: Sequence[Sample]) -> set[bytes]:
    """Those of the digests under which other samples stand, too."""
    others = Sample.objects.filter(digest__in=digests).exclude(pk__in=[one.pk for one in but])
    return {bytes(digest) for digest in others.values_list("digest", flat=True)}


def of_key(key: str) -> Onboarding | None:
    """Whose samples come with that key; None for nobody, or where none are taken any more."""
    if not key.startswith(KEY_PREFIX):
        return None
    found = Onboarding.objects.filter(key_digest=senders.digest_of(key)).first()
    return found if found is not None and State(found.state) in TAKES else None


def samples(onboarding: Onboarding) -> list[Sample]:
    """The samples of the set, in the order in which they came."""
    return list(onboarding.samples.filter(removed=None).order_by("pk"))


def sample(onboarding: Onboarding, number: int) -> tuple[Sample, bytes]:
    """A sample of the set with its bytes; fault ``not_found``."""
    found = onboarding.samples.filter(pk=number, removed=None).first()
    if found is None:
        raise not_found(gettext_noop("There is no such sample in this onboarding."))
    return found, custody.body(database.connection(), bytes(found.digest))


def trials(onboarding: Onboarding) -> list[Trial]:
    """Its trials, the latest first."""
    return list(onboarding.trials.order_by("-pk"))


def result(trial: Trial) -> Result:
    """A trial's marks."""
    covered = tuple(Covered(**{**one, "kinds": tuple(one["kinds"])}) for one in trial.report["covered"])
    return Result(trial, tuple(Mark(**one) for one in trial.report["marks"]), covered)


def findings(trial: Trial, numbers: dict[int, int], *, sample: int | None = None) -> list[Said]:
    """What a trial found, errors first. ``numbers``: the number in the set of each sample's row."""
    wanted = Finding.objects.filter(trial=trial).select_related("sample").order_by("severity", "pk")
    if sample is not None:
        wanted = wanted.filter(sample=sample)
    return [
        Said(
            one.point, one.sample, numbers.get(one.sample_id or 0, 0), one.severity, one.code, one.place, one.line,
            one.text, json.loads(sealing.open_text(one.params)),
        )
        for one in wanted
    ]  # fmt: skip


def report(onboarding: Onboarding, trial: Trial) -> Report:
    """A trial's report as it was, of the samples and findings that are still there."""
    rows = samples(onboarding)
    numbers = {row.pk: at for at, row in enumerate(rows, 1)}
    told = result(trial)
    judged = tuple(
        Judged(row.name, row.kind, row.control, row.size, row.errors, row.warnings) for row in rows
    )
    found = tuple(
        rules.Finding(
            one.point, one.number - 1 if one.number else None, one.severity, one.code, one.place, one.text,
            one.params, one.line,
        )
        for one in findings(trial, numbers)
    )  # fmt: skip
    return Report(
        onboarding.door, onboarding.kinds, trial.version, told.marks, told.covered, judged, found, trial.score,
        trial.level, trial.green,
    )  # fmt: skip


def by_line(found: Sequence[Said]) -> dict[int, list[Said]]:
    """Findings by the line of the sample that they are about."""
    lines: dict[int, list[Said]] = defaultdict(list)
    for one in found:
        lines[one.line].append(one)
    return lines


def steps(onboarding: Onboarding) -> list[Step]:
    """What was done about it, the latest first."""
    return list(onboarding.steps.order_by("-pk"))

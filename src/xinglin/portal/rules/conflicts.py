"""What institutions contradict each other in. It is shown with who says what, and nothing is decided.

Only what can be true in one way is compared: who somebody is, the blood group, whether there are allergies, whether
somebody lives.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from xinglin.fhir.reading import codings, day, first_date
from xinglin.portal.rules import people, results
from xinglin.portal.rules.allergies import State
from xinglin.portal.rules.sources import Source

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from xinglin.portal.rules.allergies import Box
    from xinglin.portal.rules.browsing import Figures
    from xinglin.portal.rules.sources import Sources

_VOID = {"entered-in-error", "cancelled", "registered"}


@dataclass(frozen=True, slots=True)
class Saying:
    """One of the contradicting statements, and who makes it."""

    said: str
    sources: tuple[Source, ...]


@dataclass(frozen=True, slots=True)
class Conflict:
    """A contradiction: ``about`` is what (``birth-date``, ``blood-group`` …), the statement of most comes first."""

    about: str
    sayings: tuple[Saying, ...]


def conflicts(
    patients: Sequence[Mapping[str, Any]], facts: Iterable[Mapping[str, Any]], box: Box, last_visit: Source | None,
    sources: Sources, figures: Figures,
) -> tuple[Conflict, ...]:  # fmt: skip
    """All of them. ``facts`` are Observations of what can be true in one way, ``last_visit`` the latest encounter."""
    found = [
        _of_patients("name", patients, people.name_of, sources, people.plain_name),
        _of_patients("birth-date", patients, lambda p: str(p.get("birthDate", "")), sources),
        _of_patients("sex", patients, lambda p: _known_sex(str(p.get("gender", ""))), sources),
        _of_patients("identity-number", patients, lambda p: people.identity_of(p) or "", sources),
        *_of_facts(facts, sources, figures),
        _of_allergies(box),
        _of_death(patients, last_visit, sources),
    ]
    return tuple(conflict for conflict in found if conflict is not None)


def _known_sex(code: str) -> str:
    return "" if code == "unknown" else code


def _differing(about: str, said: dict[str, list[Source]]) -> Conflict | None:
    if len(said) < 2:
        return None
    ordered = sorted(said.items(), key=lambda pair: -len(pair[1]))
    return Conflict(about, tuple(Saying(words, tuple(sources)) for words, sources in ordered))


def _of_patients(
    about: str,
    patients: Iterable[Mapping[str, Any]],
    read: Callable[[Mapping[str, Any]], str],
    sources: Sources,
    alike: Callable[[str], str] = str,
) -> Conflict | None:
    said: dict[str, tuple[str, list[Source]]] = {}
    for patient in patients:
        value = read(patient)
        if value:
            said.setdefault(alike(value), (value, []))[1].append(_of_patient(patient, sources))
    return _differing(about, dict(said.values()))


def _of_patient(patient: Mapping[str, Any], sources: Sources) -> Source:
    """A Patient's source; the day is left out, because it says nothing of when that was asked."""
    known = sources.of(patient, "")
    reference = f"Patient/{patient['id']}"
    return Source(sources.patients.get(reference, known.institution), "", reference, known.message)


def _of_facts(
    facts: Iterable[Mapping[str, Any]], sources: Sources, figures: Figures
) -> Iterable[Conflict | None]:
    kept = [f for f in facts if f.get("status") not in _VOID]
    for single in figures.singles:
        said: dict[str, tuple[str, list[Source]]] = {}
        for fact in kept:
            if any(code in single.codes for _, code in codings(fact.get("code"))):
                words = results.said(fact)[0]
                meant = figures.words.get(words.casefold(), words.strip())
                if meant:
                    at = first_date(fact, "effectiveDateTime", "effectivePeriod", "issued")
                    said.setdefault(meant.casefold(), (words, []))[1].append(sources.of(fact, at))
        yield _differing(single.name, dict(said.values()))


def _of_allergies(box: Box) -> Conflict | None:
    """Somebody knows an allergy and somebody else has written that there is none."""
    if box.state is not State.KNOWN or not box.denied:
        return None
    known = tuple(Saying(a.name, a.sources) for a in box.allergies)
    return Conflict("allergies", (*known, Saying("", box.denied)))


def _of_death(
    patients: Iterable[Mapping[str, Any]], last_visit: Source | None, sources: Sources
) -> Conflict | None:
    """Somebody has seen the resident after the day of the death."""
    for patient in patients:
        died = day(patient.get("deceasedDateTime"))[:10]
        if died and last_visit is not None and last_visit.date[:10] > died:
            who = (_of_patient(patient, sources),)
            return Conflict("death", (Saying(died, who), Saying(last_visit.date, (last_visit,))))
    return None


def latest(encounters: Iterable[Mapping[str, Any]], sources: Sources) -> Source | None:
    """Where and when the resident was last seen."""
    kept = [e for e in encounters if e.get("status") not in {"entered-in-error", "cancelled"}]
    found = [sources.of(e, str((e.get("period") or {}).get("start", ""))) for e in kept]
    return max((s for s in found if s.date), key=lambda s: s.date, default=None)

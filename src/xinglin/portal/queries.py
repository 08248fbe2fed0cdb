"""What the pages ask the record, one function a question. Every question goes through the record's door.

Who is one person is what the index of persons says (``identity``): ``resident`` finds all Patients of one, and every
later question is about all of them. A Patient that is not in the index is a person of its own.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from django.utils.translation import gettext_noop

from xinglin.exchange.dicom import queries as images
from xinglin.identity import evidence, stewardship
from xinglin.identity import queries as index
from xinglin.identity.stewardship import State
from xinglin.kernel import clock
from xinglin.kernel.errors import Fault, Kind, not_found
from xinglin.kernel.ids import self_number
from xinglin.portal.rules import (
    allergies,
    browsing,
    changes,
    documents,
    immunisations,
    medicines,
    people,
    problems,
    results,
    timeline,
)
from xinglin.portal.rules import conflicts as disagreeing
from xinglin.portal.rules.limits import Whose
from xinglin.portal.rules.sources import Sources, message_of
from xinglin.record import access, database
from xinglin.record.policy import Sight, consents
from xinglin.record.queries import Span

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import date, datetime

    from xinglin.fhir.reading import Resource
    from xinglin.identity.evidence import Evidence
    from xinglin.kernel.actor import Actor
    from xinglin.portal.rules.conflicts import Conflict
    from xinglin.record.database import Connection
    from xinglin.record.door import Door
    from xinglin.record.queries import Stored

_VERSIONS = 50
_MOST_DOUBLES = 10
_AT_ONCE = 200  # Patients that are read by one search

SECTIONS: dict[str, tuple[str, ...]] = {
    "encounters": ("Encounter",),
    "problems": ("Condition",),
    "medicines": ("MedicationRequest", "MedicationStatement"),
    "results": ("Observation",),
    "documents": ("DocumentReference", "DiagnosticReport", "Composition"),
    "images": ("ImagingStudy",),
    "immunisations": ("Immunization",),
    "allergies": ("AllergyIntolerance",),
}
"""The parts of a record and the resource types that they are made of."""
SHOWN = frozenset({"Patient", "Procedure", *(one for types in SECTIONS.values() for one in types)})
"""All types of which a record shows something."""


@dataclass(frozen=True, slots=True)
class Resident:
    """One person: the Patients that are the same, the asked one first, and who they come from.

    ``index`` is the person's id in the index, empty for a Patient that is not in it; ``links`` say by Patient why it
    belongs to the person.
    """

    id: str
    patients: tuple[Resource, ...]
    person: people.Person
    sources: Sources
    updated: datetime
    index: str = ""
    links: dict[str, Evidence] = field(default_factory=dict)

    @property
    def confidence(self) -> float | None:
        """How likely all links are right, in percent; None for a person with one Patient."""
        found = evidence.confidence(self.links.values()) if len(self.patients) > 1 else None
        return None if found is None else 100 * found

    @property
    def whose(self) -> Whose:
        """The person as far as usual limits depend on it."""
        return Whose(self.person.sex, self.person.birth)

    @property
    def institutions(self) -> tuple[str, ...]:
        known = (*self.sources.patients.values(), *self.sources.encounters.values())
        return tuple(dict.fromkeys(name for name in known if name))

    @property
    def references(self) -> str:
        """The value of ``patient=`` that means this person."""
        return ",".join(f"Patient/{patient['id']}" for patient in self.patients)


def read_patients(door: Door, ids: Sequence[str]) -> Iterator[Stored]:
    """Patients by their ids; those that have been deleted meanwhile are left out."""
    for start in range(0, len(ids), _AT_ONCE):
        some = ids[start : start + _AT_ONCE]
        for entry in door.search("Patient", [("_id", ",".join(some)), ("_count", str(_AT_ONCE))]).entries:
            yield entry.stored


def is_open(door: Door, resident: Resident) -> bool:
    """Whether the reader may see more of the record than whose it is."""
    return any(door.is_open(patient["id"]) for patient in resident.patients)


def is_withheld(door: Door, resident: Resident) -> bool:
    """Whether the resident has closed data that the reader might look for, as far as the region tells."""
    numbers = [self_number("Patient", patient["id"]) for patient in resident.patients]
    return consents.closes(database.connection(), door.actor, numbers)


def preview(door: Door, resident: Resident, actor: Actor) -> list[Sight]:
    """What ``actor`` would see of all Patients of the person, by type."""
    found: dict[str, Sight] = {}
    for patient in resident.patients:
        for sight in door.preview(actor, patient["id"]):
            before = found.get(sight.type)
            if before is not None:
                rules = tuple(dict.fromkeys((*before.rules, *sight.rules)))
                sight = Sight(sight.type, before.total + sight.total, before.shown + sight.shown, rules)  # noqa: PLW2901 -- the sum takes its place
            found[sight.type] = sight
    return list(found.values())


def resident(door: Door, id_: str) -> Resident:
    """The person whom Patient ``id_`` is, or whose id in the index it is or was; faults as the door's ``read``."""
    connection = database.connection()
    asked = door.read("Patient", _patient(id_))
    known = index.person_of(connection, asked.id)
    person = index.person(connection, known) if known else None
    same = list(read_patients(door, [one for one in person.patients if one != asked.id])) if person else []
    patients = [asked.resource, *(stored.resource for stored in same)]
    found = Resident(
        id_,
        tuple(patients),
        people.person(patients),
        sources_of(door, patients),
        max(stored.moment for stored in (asked, *same)),
        person.id if person else "",
        evidence.read(connection, person) if person else {},
    )
    return found if len(found.sources.patients) == len(patients) else _with_encounters(door, found)


def doubles(person: Resident) -> tuple[str, ...]:
    """The ids of persons of the index that may be this one too, which people have yet to decide; a few at most."""
    if not person.index:
        return ()
    connection = database.connection()
    states, kinds = (State.OPEN, State.DECIDED), (stewardship.Kind.MATCH,)
    wanted = index.Wanted(states=states, kinds=kinds, person=person.index, aside=True, count=_MOST_DOUBLES)
    waiting = index.reviews(connection, wanted, now=clock.now())
    # a question names persons as they were when it was asked
    named = {one for review in waiting for one in review.persons}
    known = (index.person(connection, one) for one in sorted(named))
    others = (one.id for one in known if one and one.patients and one.id != person.index)
    return tuple(dict.fromkeys(others))


def _patient(id_: str) -> str:
    """``id_`` itself, or the first Patient of the person whose id it is or was."""
    connection = database.connection()
    if index.person_of(connection, id_) is not None:
        return id_
    person = index.person(connection, id_)
    return person.patients[0] if person and person.patients else id_


def sources_of(door: Door, patients: list[Resource]) -> Sources:
    return Sources.from_patients(patients, _organizations(door, patients), {})


def _with_encounters(door: Door, person: Resident) -> Resident:
    """Where a Patient names no institution, its encounters are asked."""
    encounters = everything(door, person, ("Encounter",))
    organizations = {**person.sources.organizations, **_organizations(door, encounters, "serviceProvider")}
    known = Sources(organizations=organizations)
    names = {f"Encounter/{e['id']}": known.institution(e) for e in encounters}
    return replace(person, sources=Sources(person.sources.patients, organizations, names))


def everything(door: Door, person: Resident, types: Iterable[str], *pairs: tuple[str, str]) -> list[Resource]:
    """All the person's resources of these types."""
    about = ("patient", person.references)
    return [stored.resource for type_name in types for stored in door.every(type_name, [about, *pairs])]


def problems_of(door: Door, person: Resident) -> tuple[problems.Problem, ...]:
    """The person's diseases, each once."""
    return problems.problems(everything(door, person, SECTIONS["problems"]), person.sources)


def medicines_of(door: Door, person: Resident, today: date) -> tuple[medicines.Medicine, ...]:
    """The person's medicines, each once."""
    return medicines.medicines(everything(door, person, SECTIONS["medicines"]), person.sources, today)


def series_of(door: Door, person: Resident) -> tuple[results.Series, ...]:
    """What was measured of the person, by test."""
    return results.series(everything(door, person, SECTIONS["results"]), person.sources, person.whose)


def doses_of(door: Door, person: Resident) -> tuple[immunisations.Dose, ...]:
    """The person's immunisations."""
    return immunisations.immunisations(everything(door, person, SECTIONS["immunisations"]), person.sources)


def documents_of(door: Door, person: Resident) -> tuple[documents.Document, ...]:
    """The person's documents and reports."""
    return documents.documents(everything(door, person, SECTIONS["documents"]), person.sources)


def count(door: Door, type_name: str, pairs: Sequence[tuple[str, str]]) -> int:
    """How many resources a search finds, of those that the reader may see."""
    return door.search(type_name, [*pairs, ("_summary", "count")]).total or 0


_COUNTED = ("encounters", "medicines", "results", "documents", "images", "immunisations")


def counts(door: Door, person: Resident) -> dict[str, int]:
    """How many resources the sections of the record have; problems and allergies are counted as what they are."""
    about = ("patient", person.references)
    return {
        section: sum(door.search(t, [about, ("_summary", "count")]).total or 0 for t in SECTIONS[section])
        for section in _COUNTED
    }


def allergy_box(door: Door, person: Resident) -> allergies.Box:
    """The allergy box; UNAVAILABLE when this actor may not see allergies or the record is busy."""
    try:
        found = everything(door, person, SECTIONS["allergies"])
    except Fault as fault:
        if fault.kind in {Kind.FORBIDDEN, Kind.BUSY}:
            return allergies.UNAVAILABLE
        raise
    return allergies.box(found, person.sources)


def conflicts(door: Door, person: Resident, box: allergies.Box) -> tuple[Conflict, ...]:
    """What the institutions contradict each other in, as far as this actor may see it."""
    figures = browsing.figures()
    codes = ",".join(code for single in figures.singles for code in single.codes)
    facts = everything(door, person, ("Observation",), ("code", codes))
    last = None
    if person.person.died:
        about = ("patient", person.references)
        latest = door.search("Encounter", [about, ("_sort", "-date"), ("_count", "1")]).entries
        last = disagreeing.latest([entry.stored.resource for entry in latest], person.sources)
    return disagreeing.conflicts(person.patients, facts, box, last, person.sources, figures)


def visit(door: Door, person: Resident, now: datetime) -> changes.Visit:
    """The reader's visit to this record and the one before it, by the access log."""
    figures = browsing.figures()
    numbers = [self_number("Patient", patient["id"]) for patient in person.patients]
    looks = access.moments(database.connection(), door.actor.id, numbers, limit=figures.lines)
    return changes.visit(looks, now, figures.gap, figures.loading)


def changed(
    door: Door, person: Resident, section: str, since: datetime
) -> tuple[int, tuple[changes.Change, ...]]:
    """What of a section of the record came or was changed after ``since``: how many, and the latest of them."""
    most = browsing.figures().most
    pairs = [
        ("patient", person.references),
        ("_lastUpdated", f"gt{since.isoformat()}"),
        ("_count", str(most)),
    ]
    found: list[Resource] = []
    total = 0
    for type_name in SECTIONS[section]:
        page = door.search(type_name, [*pairs, ("_total", "accurate")])
        total += page.total or 0
        found += [entry.stored.resource for entry in page.entries if entry.mode == "match"]
    return total, changes.changes(found, int(since.timestamp() * 1_000_000), person.sources, person.whose)[
        :most
    ]


def tracings(door: Door, person: Resident) -> list[Resource]:
    """The Observations that are electrocardiograms."""
    return everything(door, person, ("Observation",), ("code", ",".join(browsing.figures().ecg.codes)))


def kept_study(door: Door, patient: str, study: str) -> images.Study:
    """A study whose pictures are kept here; ``not_found`` for one that is not this resident's, or not to be seen.

    Looking is written down.
    """
    images.require(door.actor, "read")
    connection = database.connection()
    found = images.of_id(connection, door.actor, study)
    if found is None or not _are_one(connection, patient, found.patient):
        raise not_found(
            gettext_noop("This resident has no %(type)s with the id %(id)s."), type="ImagingStudy", id=study
        )
    images.note(door.actor, "read", found, f"ImagingStudy/{study}")
    return found


def _are_one(connection: Connection, asked: str, patient: str) -> bool:
    """Whether a Patient is the person asked for, by a Patient or by the person's id."""
    if asked == patient:
        return True
    owner = index.person_of(connection, patient)
    return owner is not None and owner in {asked, index.person_of(connection, asked)}


def one(door: Door, person: Resident, type_name: str, id_: str) -> Resource:
    """A resource of the person; ``not_found`` also when it is somebody else's."""
    if type_name != "Patient":
        about = ("patient", person.references)
        found = door.search(type_name, [("_id", id_), about, ("_count", "1")]).entries
        if found:
            return found[0].stored.resource
    elif any(patient["id"] == id_ for patient in person.patients):
        return door.read(type_name, id_).resource
    raise not_found(gettext_noop("This resident has no %(type)s with the id %(id)s."), type=type_name, id=id_)


@dataclass(frozen=True, slots=True)
class Version:
    """One version of an entry: since when it is in the record, and with which message it came (``""`` for none)."""

    version: int
    since: datetime
    message: str
    deleted: bool


def versions(door: Door, type_name: str, id_: str) -> list[Version]:
    """The versions of an entry, the latest first, as far as the reader may see them."""
    return [
        Version(
            one.version,
            one.moment,
            message_of(one.resource) if one.body is not None else "",
            one.body is None,
        )
        for one in door.history(type_name, id_, Span(count=_VERSIONS))
    ]


def referenced(door: Door, person: Resident, references: Sequence[str]) -> list[Resource]:
    """The person's Observations among ``references``, such as the results of a report."""
    ids = [r.removeprefix("Observation/") for r in references if r.startswith("Observation/")]
    return everything(door, person, ("Observation",), ("_id", ",".join(ids))) if ids else []


def _organizations(
    door: Door, holders: Iterable[Resource], element: str = "managingOrganization"
) -> dict[str, str]:
    """The names of the institutions that ``holders`` refer to without saying their names."""
    ids: dict[str, None] = {}
    for holder in holders:
        reference = holder.get(element) or {}
        if "display" not in reference and str(reference.get("reference", "")).startswith("Organization/"):
            ids[reference["reference"].removeprefix("Organization/")] = None
    if not ids:
        return {}
    found = door.every("Organization", [("_id", ",".join(ids))])
    return {f"Organization/{one.id}": str(one.resource.get("name", "")) for one in found}


def events(door: Door, person: Resident, since: str, today: date) -> tuple[timeline.Event, ...]:
    """The person's events that may reach into the time after ``since`` (a day)."""
    after = ("date", f"ge{since}")
    reports = everything(door, person, ("DiagnosticReport",), after)
    return timeline.events(
        encounters=everything(door, person, ("Encounter",), after),
        reports=reports,
        immunisations=everything(door, person, ("Immunization",), after),
        studies=everything(door, person, ("ImagingStudy",), ("started", f"ge{since}")),
        medicines=medicines_of(door, person, today),
        sources=person.sources,
        abnormal=frozenset(_abnormal(door, person, after) if any("result" in r for r in reports) else ()),
    )


def _abnormal(door: Door, person: Resident, after: tuple[str, str]) -> Iterator[str]:
    """The person's Observations that their laboratories call abnormal."""
    about = ("patient", person.references)
    found = door.every("Observation", [about, after, ("category", "laboratory")])
    return (f"Observation/{one.id}" for one in found if results.is_flagged(one.resource, person.whose))

"""Which institution a datum comes from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from xinglin.exchange import naming
from xinglin.fhir.reading import day, each

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_MESSAGE = naming.source_of("")
_SAYING = ("serviceProvider", "custodian", "performer", "requester", "author", "managingOrganization")


@dataclass(frozen=True, slots=True)
class Source:
    """Where a datum stands: the institution that sent it, the day, the resource (``Type/id``), and the receipt of the
    message with which it came (``""`` where it came another way).
    """

    institution: str
    date: str
    reference: str
    message: str = ""

    @property
    def kind(self) -> str:
        return self.reference.partition("/")[0]

    @property
    def id(self) -> str:
        return self.reference.partition("/")[2]


@dataclass(frozen=True, slots=True)
class Sources:
    """Knows institutions by name. All three maps go from a relative reference to a name."""

    patients: Mapping[str, str] = field(default_factory=dict)
    organizations: Mapping[str, str] = field(default_factory=dict)
    encounters: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def from_patients(
        cls,
        patients: Sequence[Mapping[str, Any]],
        organizations: Mapping[str, str],
        encounters: Mapping[str, str],
    ) -> Sources:
        """The usual case: each institution sent a Patient of its own, which names the institution."""
        names = {}
        for patient in patients:
            keeper = patient.get("managingOrganization") or {}
            name = keeper.get("display") or organizations.get(keeper.get("reference", ""), "")
            if name:
                names[f"Patient/{patient['id']}"] = str(name)
        return cls(names, organizations, encounters)

    def institution(self, resource: Mapping[str, Any]) -> str:
        """The institution's name, as the resource, its encounter or its patient says it; or ``""``."""
        said = self._said(resource)
        if said:
            return said
        encounter = resource.get("encounter")
        if encounter is None:
            encounter = next(each((resource.get("context") or {}).get("encounter")), {})
        patient = resource.get("subject") or resource.get("patient") or {}
        by_encounter = self.encounters.get(str(encounter.get("reference", "")), "")
        return by_encounter or self.patients.get(str(patient.get("reference", "")), "")

    def _said(self, resource: Mapping[str, Any]) -> str:
        for element in _SAYING:
            if element not in resource:
                continue
            for party in each(resource[element]):
                reference = str((party.get("actor") or party).get("reference", ""))
                if reference.startswith("Organization/"):
                    name = str(
                        (party.get("actor") or party).get("display") or self.organizations.get(reference, "")
                    )
                    if name:
                        return name
        return ""

    def of(self, resource: Mapping[str, Any], date: str) -> Source:
        """The datum's source. ``date`` is FHIR's text; it becomes a day of this country."""
        reference = f"{resource['resourceType']}/{resource['id']}"
        return Source(self.institution(resource), day(date), reference, message_of(resource))


def message_of(resource: Mapping[str, Any]) -> str:
    """The receipt of the message that last said something new of the resource, by its ``meta.source``."""
    said = str((resource.get("meta") or {}).get("source") or "")
    return said.removeprefix(_MESSAGE) if said.startswith(_MESSAGE) else ""


def institutions(sources: Sequence[Source]) -> tuple[str, ...]:
    """The institutions among the sources, the one with the latest datum first."""
    ordered = sorted(sources, key=lambda source: source.date, reverse=True)
    return tuple(dict.fromkeys(source.institution for source in ordered if source.institution))

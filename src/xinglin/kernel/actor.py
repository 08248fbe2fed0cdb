"""Who is asking, on whose behalf, and to what end."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Actor:
    """The person or system that acts; every read and write of a record names one.

    ``purpose`` is a code of HL7 v3 PurposeOfUse (TREAT, PUBHLTH, HOPERAT, PATRQT …). ``institution`` and ``department``
    are ids of Organizations, ``practitioner`` is that of the Practitioner who acts.
    """

    id: str
    name: str
    roles: frozenset[str] = frozenset()
    purpose: str = "TREAT"
    institution: str | None = None
    department: str | None = None
    practitioner: str | None = None

    def has(self, role: str) -> bool:
        return role in self.roles


SYSTEM = Actor(id="system", name="Xinglin", roles=frozenset({"system"}), purpose="HSYSADMIN")

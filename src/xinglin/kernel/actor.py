"""Who is asking, on whose behalf, and to what end."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Actor:
    """The person or system that acts; every read and write of a record names one.

    ``purpose`` is a code of HL7 v3 PurposeOfUse (TREAT, PUBHLTH, HOPERAT, PATRQT …). ``institution`` and ``department``
    are ids of Organizations, ``practitioner`` is that of the Practitioner who acts. Who acts through an app has its
    name in ``app`` and in ``scopes`` what it was granted, which takes away from the rights and never adds; ``patient``
    is the id of the Patient in whose record it was launched.
    """

    id: str
    name: str
    roles: frozenset[str] = frozenset()
    purpose: str = "TREAT"
    institution: str | None = None
    department: str | None = None
    practitioner: str | None = None
    app: str | None = None
    scopes: tuple[str, ...] | None = None
    patient: str | None = None

    def has(self, role: str) -> bool:
        return role in self.roles


SYSTEM = Actor(id="system", name="Xinglin", roles=frozenset({"system"}), purpose="HSYSADMIN")

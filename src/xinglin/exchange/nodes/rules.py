"""What a node may be and do. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

from django.utils.translation import gettext_noop

from xinglin.kernel import outgoing
from xinglin.kernel.errors import invalid

CODE = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")
NODE_TAG = "urn:xinglin:node"


class Tier(StrEnum):
    """What a platform is for."""

    NATION = "nation"
    PROVINCE = "province"
    CITY = "city"
    COUNTY = "county"


_RANK = {Tier.NATION: 0, Tier.PROVINCE: 1, Tier.CITY: 2, Tier.COUNTY: 3}


class Relation(StrEnum):
    """How another node stands to this one."""

    ABOVE = "above"
    BESIDE = "beside"
    BELOW = "below"


def relation(own: Tier, other: Tier) -> Relation:
    """How a node of tier ``other`` stands to one of tier ``own``."""
    if _RANK[other] < _RANK[own]:
        return Relation.ABOVE
    return Relation.BELOW if _RANK[other] > _RANK[own] else Relation.BESIDE


class What(StrEnum):
    """What is forwarded."""

    RECORDS = "records"
    INDEX = "index"
    AGGREGATES = "aggregates"


class Consent(StrEnum):
    """On what a visitor's record is asked for."""

    PRESENT = "present"  # the resident is here and has agreed
    SIGNED = "signed"  # a paper or a signature says so
    EMERGENCY = "emergency"  # nobody can be asked


PURPOSE = {Consent.PRESENT: "TREAT", Consent.SIGNED: "TREAT", Consent.EMERGENCY: "ETREAT"}


@dataclass(frozen=True, slots=True)
class Filter:
    """Which changes are forwarded; what is empty lets everything through."""

    types: frozenset[str] = frozenset()
    institutions: frozenset[str] = frozenset()  # ids of Organizations
    tags: frozenset[str] = frozenset()  # system|code

    def fits(self, type_name: str, resource: dict[str, Any] | None, institution: str) -> bool:
        """Whether a change goes; of a deletion the type alone is known, and it goes."""
        if self.types and type_name not in self.types:
            return False
        if resource is None:
            return True
        if self.institutions and not self.institutions & {institution, *_organizations(resource)}:
            return False
        held = {
            f"{tag.get('system', '')}|{tag.get('code', '')}"
            for tag in resource.get("meta", {}).get("tag", ())
        }
        return not self.tags or bool(self.tags & held)


def _organizations(resource: dict[str, Any]) -> set[str]:
    """The institutions that a resource itself names as its own."""
    found = set()
    for name in ("managingOrganization", "serviceProvider", "custodian", "performer", "organization"):
        value = resource.get(name)
        for one in value if isinstance(value, list) else [value]:
            reference = str(one.get("reference", "")) if isinstance(one, dict) else ""
            if reference.startswith("Organization/"):
                found.add(reference.removeprefix("Organization/"))
    return found


def address(text: str) -> str:
    """The address of a node: https, or this machine itself; fault ``invalid``."""
    parts = urlsplit(text.strip().rstrip("/"))
    if not parts.hostname or parts.query or parts.fragment or parts.username:
        raise invalid(gettext_noop("The address should be one such as https://health.example."))
    if not outgoing.is_private(parts):
        raise invalid(gettext_noop("Nodes speak over https: what they say is health data."))
    return f"{parts.scheme}://{parts.netloc}{parts.path}"


def code(text: str) -> str:
    """The code of a node; fault ``invalid``."""
    if not CODE.fullmatch(text):
        raise invalid(
            gettext_noop("A node's code should be small letters, digits and “-”, such as nanning-city.")
        )
    return text


def is_same_fingerprint(told: str, there: str) -> bool:
    """Whether what somebody was told on the telephone is the fingerprint of the key that came."""
    return re.sub(r"[^0-9a-f]", "", told.lower()) == there.replace(" ", "")

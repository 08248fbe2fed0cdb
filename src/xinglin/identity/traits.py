"""What of a Patient tells who it is, in the form in which it is compared.

``from_patient`` reads a FHIR Patient, ``pack`` and ``unpack`` turn traits to bytes and back. The first byte is the
version of the form; bytes of another version have to be read anew from the Patient.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec

from xinglin.identity import births, contacts, identifiers, names
from xinglin.identity.contacts import Address  # noqa: TC001 -- msgspec reads the annotations
from xinglin.identity.identifiers import Document, Kind, Proof
from xinglin.identity.names import NOBODY, Parts
from xinglin.kernel import errors

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xinglin.identity.births import BirthLevel

VERSION = 1
_SEVERAL = re.compile("[/,;，；、]")
_MOST = 4  # of each: a Patient with more identifiers, phones or addresses is no better known for them
_SEXES = {"male": "male", "female": "female", "男": "male", "女": "female"}
_MOTHERS = frozenset({"MTH", "NMTH", "GESTM", "MTHR"})
_NAME_USES = {"official": 0, "usual": 1, "": 2}
_PLACEHOLDER_NAMES = frozenset(
    [
        "无名氏",
        "未知",
        "不详",
        "无名",
        "测试",
        "患者",
        "急诊患者",
        "某某",
        "姓名",
        "空",
        "test",
        "unknown",
        "noname",
        "none",
        "null",
        "baby",
    ]
)


class Contact(msgspec.Struct, frozen=True, array_like=True):
    """Somebody who belongs to the person."""

    name: str
    phone: str
    mother: bool


class Traits(msgspec.Struct, frozen=True, array_like=True):
    """What tells who somebody is; everything may be missing.

    ``births`` has what a proven number says, then the date as stated if that is another. ``order`` is the order of
    birth of one of twins, 0 if not told. ``scope`` names the institution that keeps the Patient.
    """

    name: Parts = NOBODY
    aliases: tuple[Parts, ...] = ()
    sex: str = ""
    births: tuple[int, ...] = ()
    documents: tuple[Document, ...] = ()
    phones: tuple[str, ...] = ()
    addresses: tuple[Address, ...] = ()
    contacts: tuple[Contact, ...] = ()
    ethnicity: str = ""
    deceased: bool = False
    order: int = 0
    scope: str = ""

    @property
    def newborn_of(self) -> str:
        """The name of the mother, of a child that has none of its own yet."""
        return self.name.newborn_of

    @property
    def mother(self) -> str:
        """The name of the mother, from whatever tells it."""
        return self.name.newborn_of or next((c.name for c in self.contacts if c.mother and c.name), "")


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Traits)


def pack(traits: Traits) -> bytes:
    """A compact form for storing."""
    return bytes((VERSION,)) + _encoder.encode(traits)


def unpack(packed: bytes) -> Traits:
    """The traits that were packed; ``invalid`` for bytes of another version."""
    if packed[:1] != bytes((VERSION,)):
        raise errors.invalid(
            "These traits were packed in form %(found)s, not %(known)s. Read the Patient again.",
            code="structure", found=packed[:1].hex(), known=f"{VERSION:02x}",
        )  # fmt: skip
    return _decoder.decode(memoryview(packed)[1:])


def _each(value: Any) -> Iterator[dict[str, Any]]:
    for item in value if isinstance(value, list) else ():
        if isinstance(item, dict):
            yield item


def _name(element: dict[str, Any]) -> Parts:
    told = element.get("given")
    given = [str(g) for g in told if g] if isinstance(told, list) else [str(told)] if told else []
    family, text = str(element.get("family") or ""), str(element.get("text") or "")
    joined = "".join(given) if names.is_han(family + "".join(given)) else " ".join(given)
    if text.strip().lower() in _PLACEHOLDER_NAMES:
        return NOBODY
    return names.take_apart(text, family, joined)


def _names(patient: dict[str, Any]) -> tuple[Parts, ...]:
    """All names, the one to go by first, without repetition."""
    elements = list(_each(patient.get("name")))
    elements.sort(key=lambda name: _NAME_USES.get(str(name.get("use") or ""), 3))
    found = dict.fromkeys(_name(element) for element in elements)
    found.pop(NOBODY, None)
    told = sorted(found, key=lambda parts: parts.latin)  # the characters before their spelling in letters
    return tuple(told)[:_MOST]


def _organization(patient: dict[str, Any]) -> str:
    keeper = patient.get("managingOrganization")
    if isinstance(keeper, dict):
        identifier = keeper.get("identifier")
        named = keeper.get("reference") or (identifier.get("value") if isinstance(identifier, dict) else None)
        if named or keeper.get("display"):
            return str(named or keeper["display"])
    meta = patient.get("meta")
    return str(meta.get("source") or "") if isinstance(meta, dict) else ""


def _contacts(patient: dict[str, Any]) -> tuple[Contact, ...]:
    found = []
    for element in _each(patient.get("contact")):
        name = element.get("name")
        parts = _name(name) if isinstance(name, dict) else NOBODY
        phone = next(_phones(element.get("telecom")), "")
        if parts.name or phone:
            found.append(Contact(parts.name, phone, _is_mother(element)))
    return tuple(found)[:_MOST]


def _is_mother(element: dict[str, Any]) -> bool:
    for concept in _each(element.get("relationship")):
        codes = {str(coding.get("code")) for coding in _each(concept.get("coding"))}
        if codes & _MOTHERS or str(concept.get("text") or "").startswith(("母", "妈")):
            return True
    return False


def _phones(telecom: Any) -> Iterator[str]:
    for point in _each(telecom):
        if str(point.get("system") or "phone") not in {"phone", "sms"}:
            continue
        for text in _SEVERAL.split(str(point.get("value") or "")):
            if number := contacts.phone(text):
                yield number


def _ethnicity(patient: dict[str, Any]) -> str:
    """The code of GB 3304 in an extension that is about ethnicity."""
    for extension in _each(patient.get("extension")):
        url = str(extension.get("url") or "").lower()
        if "ethnic" in url or "nationality" in url or "minzu" in url:
            concept = extension.get("valueCodeableConcept") or {
                "coding": [extension.get("valueCoding") or {}]
            }
            for coding in _each(concept.get("coding") if isinstance(concept, dict) else None):
                if coding.get("code"):
                    return str(coding["code"])
            return str(extension.get("valueCode") or extension.get("valueString") or "")
    return ""


def _documents(patient: dict[str, Any], organization: str) -> tuple[Document, ...]:
    found = (identifiers.read(i, organization) for i in _each(patient.get("identifier")))
    return tuple(dict.fromkeys(d for d in found if d is not None))[: 2 * _MOST]


def _doubted(document: Document, stated: int) -> Document:
    """A proven number whose birth date is far from the bearer's: somebody else's, a mother's for her child's."""
    if not stated or not document.birth or births.is_vague(stated):
        years = abs(stated // 10000 - document.birth // 10000) if stated and document.birth else 0
        far = years > 12
    else:
        far = births.compare(stated, document.birth) >= _FAR and abs(stated - document.birth) > 120000
    return msgspec.structs.replace(document, proof=Proof.BROKEN, birth=0, sex="") if far else document


_FAR: BirthLevel = births.BirthLevel.DIFFERENT


def from_patient(resource: dict[str, Any]) -> Traits:
    """Read a FHIR Patient. What is not as FHIR has it is passed over: matching refuses nobody."""
    all_names = _names(resource)
    organization = _organization(resource)
    stated = births.read(str(resource.get("birthDate") or ""))
    documents = tuple(_doubted(d, stated) for d in _documents(resource, organization))
    proven = next((d for d in documents if d.birth and d.kind == Kind.RESIDENT), None)
    told = dict.fromkeys(day for day in (proven.birth if proven else 0, stated) if day)
    twin = resource.get("multipleBirthInteger")
    addresses = dict.fromkeys(contacts.address(a) for a in _each(resource.get("address")))
    addresses.pop(contacts.NOWHERE, None)
    return Traits(
        name=all_names[0] if all_names else NOBODY,
        aliases=all_names[1:],
        sex=_SEXES.get(str(resource.get("gender")), "") or (proven.sex if proven else ""),
        births=tuple(told),
        documents=documents,
        phones=tuple(dict.fromkeys(_phones(resource.get("telecom"))))[:_MOST],
        addresses=tuple(addresses)[:_MOST],
        contacts=_contacts(resource),
        ethnicity=_ethnicity(resource),
        deceased=bool(resource.get("deceasedDateTime") or resource.get("deceasedBoolean")),
        order=(all_names[0].order if all_names else 0)
        or (twin if type(twin) is int and 0 < twin < 10 else 0),
        scope=organization,
    )

"""Practitioners with what they are at one institution: a Practitioner and a PractitionerRole."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django.utils.translation import gettext_lazy, gettext_noop

from xinglin.directory.kinds.kind import Key, Kind, active, bare, concepts, held, id_from, scoped
from xinglin.directory.resources import parts, reading
from xinglin.directory.rules import tables
from xinglin.directory.rules.problems import Problem
from xinglin.terminology.pinyin import split

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import date

    from django.utils.functional import _StrPromise

    from xinglin.directory.kinds.kind import Resource, Resources, Values

_CERTIFICATES = ("doctor_qualification", "doctor_practice", "nurse_practice")
_NUMBERS = (
    "doctor_practice",
    "nurse_practice",
    "doctor_qualification",
    "identity",
)  # that know a person again
_INSURANCE = ("nhsa_doctor", "nhsa_nurse", "nhsa_technician")
_DATED = ("doctor_practice", "nurse_practice")


class Practitioners(Kind):
    key: ClassVar[str] = "practitioners"
    label: ClassVar[_StrPromise] = gettext_lazy("Practitioners")
    main: ClassVar[str] = "Practitioner"
    second: ClassVar[str] = "PractitionerRole"
    entry: ClassVar[str] = "practitioner"
    numbers: ClassVar[tuple[str, ...]] = ("staff", *_NUMBERS)
    lacking: ClassVar[str] = gettext_noop(
        "Needed to know a person again: a certificate, identity or staff number."
    )

    def finders(self, values: Values) -> Iterator[Key]:
        for scheme in _NUMBERS:
            if values.get(scheme):
                yield Key(scheme, values[scheme])
        if values.get("staff"):
            yield scoped("staff", values["staff"], values["institution"])
            yield Key("id", values["staff"], values["institution"])

    def unique(self, values: Values) -> Key:
        """The same person may stand in several lines, each for another department or institution."""
        first = next(self.finders(values))
        return Key(f"role {first.group}", first.value, values.get("department") or values["institution"])

    def known_as(self, values: Values) -> Iterator[Key]:
        for key in self.finders(values):
            if key.group != "id":
                yield key

    def new_id(self, values: Values) -> str | None:
        for scheme in _CERTIFICATES:
            if values.get(scheme) and scheme != "doctor_qualification":  # which has an identity number in it
                return id_from("pract", values[scheme])
        if values.get("staff"):
            return id_from("pract", bare(values["institution"]), values["staff"])
        return None

    def check(self, values: Values) -> Iterable[Problem]:
        for start, end in (("practice_from", "practice_to"), ("from", "to")):
            if values.get(start) and values.get(end) and values[end] < values[start]:
                yield Problem(gettext_noop("This is before %(start)s."), {"start": values[start]}, end)
        if (values.get("practice_from") or values.get("practice_to")) and not any(
            values.get(scheme) for scheme in _DATED
        ):
            message = gettext_noop("Days of validity need the number of the practice certificate.")
            yield Problem(message, column="practice_from" if values.get("practice_from") else "practice_to")

    def make(self, values: Values, former: Resources, ids: Mapping[str, str], today: date) -> Resources:
        person = self._person(values, former.get("Practitioner", {}), ids["Practitioner"])
        return {
            "Practitioner": person,
            "PractitionerRole": self._role(values, former.get("PractitionerRole", {}), ids),
        }

    def _person(self, values: Values, old: Resource, id_: str) -> Resource:
        insurance = dict.fromkeys(_INSURANCE, "")
        if values["nhsa"]:
            first = {"N": "nhsa_nurse", "H": "nhsa_technician"}.get(values["nhsa"][0], "nhsa_doctor")
            insurance[first] = values["nhsa"]
        codes = {"staff": "" if values["staff"] == old.get("id") else values["staff"], **insurance}
        if values.get("identity") or not old:
            codes["identity"] = values.get("identity", "")
        made = {
            "resourceType": "Practitioner",
            "active": True,
            **old,
            "id": id_,
            "identifier": parts.with_codes(old, codes, values["institution"]),
            "name": _names(values["name"], old),
            "telecom": parts.with_phone(old, values["phone"]),
            "gender": _gender(values["sex"]),
            "qualification": _certificates(values, old),
        }
        return parts.tidied(made)

    def _role(self, values: Values, old: Resource, ids: Mapping[str, str]) -> Resource:
        organization = values["department"] or values["institution"]
        period = {"start": values["from"], "end": values["to"]}
        said = concepts(old.get("code"), parts.POSTS, values["post"], "posts")
        made = {
            "resourceType": "PractitionerRole",
            **old,
            "id": ids["PractitionerRole"],
            "active": values["active"] != "no",
            "period": parts.tidied(period),
            "practitioner": held(old.get("practitioner"), f"Practitioner/{ids['Practitioner']}"),
            "organization": held(old.get("organization"), organization),
            "code": concepts(said, parts.TITLES, values["title"], "titles"),
            "specialty": concepts(
                old.get("specialty"), parts.SPECIALTIES, values["specialty"], "specialties"
            ),
        }
        if made["practitioner"] is not None and "display" not in made["practitioner"]:
            made["practitioner"] = {**made["practitioner"], "display": values["name"]}
        return parts.tidied(made)

    def show(self, resources: Resources, institution: str) -> Values:
        person, role = resources["Practitioner"], resources.get("PractitionerRole", {})
        organization = parts.reference(role.get("organization")) or ""
        found = {r.kind: r for r in reading.registrations(person)}
        dated = next((found[kind] for kind in _DATED if kind in found), None)
        period = role.get("period") or {}
        qualified = person.get("qualification") or ()
        practice: Resource = next((q.get("period") or {} for q in qualified if _kind(q) in _DATED), {})
        return {
            "institution": institution,
            "department": "" if organization == institution else organization,
            "name": reading.name_of(person),
            "sex": _sex(person),
            "staff": parts.code_of(person, "staff", institution) or str(person["id"]),
            "identity": parts.code_of(person, "identity"),
            "post": parts.coded_in(role.get("code"), parts.POSTS),
            "title": parts.coded_in(role.get("code"), parts.TITLES),
            "specialty": parts.coded_in(role.get("specialty"), parts.SPECIALTIES),
            **{kind: found[kind].number if kind in found else "" for kind in _CERTIFICATES},
            "practice_from": str(practice.get("start") or "") if dated else "",
            "practice_to": str(practice.get("end") or "") if dated else "",
            "nhsa": next((c for scheme in _INSURANCE if (c := parts.code_of(person, scheme))), ""),
            "phone": parts.phone(person),
            "from": str(period.get("start") or ""),
            "to": str(period.get("end") or ""),
            "active": active(role),
        }


def _names(text: str, old: Resource) -> list[Any]:
    standing = list(old.get("name") or ())
    if old and reading.name_of(old) == text:
        return standing
    surname, given = split(text)
    made: dict[str, Any] = {"use": "official", "text": text, "family": surname}
    if given:
        made["given"] = [given]
    return [made, *(name for name in standing if name.get("use") not in {None, "official"})]


def _gender(sex: str) -> str:
    entry = tables.table("sexes").get(sex)
    return entry.group if entry else ""


def _sex(person: Resource) -> str:
    return next((e.code for e in tables.table("sexes").values() if e.group == person.get("gender")), "")


def _kind(qualification: Resource) -> str:
    return next((scheme for scheme, _, _ in parts.identified(qualification)), "")


def _certificates(values: Values, old: Resource) -> list[Resource]:
    """The certificates of the row in the places of those of their kind; others stay."""
    standing = {_kind(q): q for q in old.get("qualification") or ()}
    made = []
    for kind in _CERTIFICATES:
        number = values[kind]
        if not number:
            continue
        was = standing.get(kind, {})
        entry = tables.table("registration_kinds")[kind]
        period = dict(was.get("period") or {})
        if kind in _DATED:
            period = {**period, "start": values["practice_from"], "end": values["practice_to"]}
        one = {
            "code": parts.concept(parts.REGISTRATIONS, kind, entry.name),
            **was,
            "identifier": parts.with_codes(was, {kind: number}),
            "period": parts.tidied(period),
        }
        made.append(parts.tidied(one))
    kept = [q for q in old.get("qualification") or () if _kind(q) not in _CERTIFICATES]
    return made + kept


PRACTITIONERS = Practitioners()

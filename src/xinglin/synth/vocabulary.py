"""An institution's own words: its local codes and spellings beside the standard ones.

Everything an institution says more than once is made once here and shared by all its charts.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from xxhash import xxh3_64_intdigest

from xinglin.synth.institutions import SOURCE
from xinglin.synth.tables import by_key

if TYPE_CHECKING:
    from collections.abc import Callable

    from xinglin.synth.institutions import Institution

ICD10 = "http://hl7.org/fhir/sid/icd-10"
ICD10_CN = "urn:oid:2.16.156.10011.2.3.3.11"  # GB/T 14396 with the clinical edition's extensions
ICD9_CN = "urn:oid:2.16.156.10011.2.3.3.12"
LOINC = "http://loinc.org"
ATC = "http://www.whocc.no/atc"
UCUM = "http://unitsofmeasure.org"
TCM_CODES = "urn:oid:2.16.156.10011.2.3.3.14"
DATA_ELEMENTS = "urn:oid:2.16.156.10011.2.2.1"
VACCINES = "urn:xinglin:codes:vaccine"
KINDS = "urn:xinglin:codes:institution-kind"


class Vocabulary:
    """The words of one institution; ask ``vocabulary(institution)`` for it."""

    def __init__(self, institution: Institution) -> None:
        self.institution = institution
        self.meta = {"source": SOURCE + institution.code}
        self.organization = {"reference": f"Organization/{institution.code}", "display": institution.name}
        self.performer = [{"reference": f"Organization/{institution.code}"}]
        self.old_units = institution.kind == "district" and int(institution.code[-2:]) % 3 == 0
        self.turn = xxh3_64_intdigest(institution.code.encode()) & 0xFFFF
        self._made: dict[tuple[str, str], dict[str, Any]] = {}
        self._doctors: dict[str, list[dict[str, str]]] = {}

    def _once(self, kind: str, key: str, make: Callable[[str], dict[str, Any]]) -> dict[str, Any]:
        found = self._made.get((kind, key))
        if found is None:
            found = self._made[kind, key] = make(key)
        return found

    def _spelling(self, row: dict[str, str]) -> str:
        """The standard name or one of its aliases, always the same at one institution."""
        choices = [row.get("name") or row["display"], *row["alias"].split("|")]
        return choices[(self.turn + len(row["key"])) % len(choices)]

    def _local(self, kind: str, key: str, display: str) -> dict[str, str]:
        number = xxh3_64_intdigest(f"{self.turn}{kind}{key}".encode()) % 90000 + 10000
        return {
            "system": f"urn:xinglin:institution:{self.institution.code}:{kind}",
            "code": f"{kind[0].upper()}{number}",
            "display": display,
        }

    def disease(self, key: str) -> dict[str, Any]:
        return self._once("disease", key, self._disease)

    def _disease(self, key: str) -> dict[str, Any]:
        row = by_key("diseases")[key]
        spelling = self._spelling(row)
        coding = [
            {"system": ICD10_CN, "code": row["icd10"], "display": row["display"]},
            {"system": ICD10, "code": international(row["icd10"])},
        ]
        if self.turn % 3 == 0:
            coding.append(self._local("disease", key, spelling))
        return {"coding": coding, "text": spelling}

    def test(self, key: str) -> dict[str, Any]:
        return self._once("test", key, self._test)

    def _test(self, key: str) -> dict[str, Any]:
        row = by_key("tests")[key]
        spelling = self._spelling(row)
        return {
            "coding": [{"system": LOINC, "code": row["loinc"]}, self._local("test", key, spelling)],
            "text": spelling,
        }

    def drug(self, key: str) -> dict[str, Any]:
        return self._once("drug", key, self._drug)

    def _drug(self, key: str) -> dict[str, Any]:
        row = by_key("drugs")[key]
        spelling = self._spelling(row)
        coding = [{"system": ATC, "code": row["atc"]}, self._local("drug", key, spelling)]
        return {"coding": coding, "text": f"{spelling} {row['strength']}"}

    def local_image(self, key: str) -> dict[str, str]:
        return self._once("image", key, lambda key: self._local("image", key, by_key("images")[key]["name"]))

    def visit_type(self, department: str) -> dict[str, Any]:
        return self._once(
            "visit", department, lambda key: {"coding": [self._local("department", key, key)], "text": key}
        )

    def department(self, wanted: str) -> int:
        """The number of the department that sees such a resident here."""
        departments = self.institution.departments
        if wanted in departments:
            return departments.index(wanted)
        return self.turn % len(departments) if self.institution.kind in {"general", "district"} else 0

    def own_department(self, wanted: str) -> str:
        """The name of that department."""
        return self.institution.departments[self.department(wanted)]

    def doctor(self, department: str, drawn: float) -> dict[str, str]:
        """One of the department's practitioners. ``drawn`` is uniform in [0, 1)."""
        doctors = self._doctors.get(department)
        if doctors is None:
            number, step = self.department(department), len(self.institution.departments)
            staff = self.institution.staff
            doctors = self._doctors[department] = [
                {"reference": f"Practitioner/{self.institution.code}-p{n:02d}"}
                for n in range(min(number, staff - 1), staff, step)
            ]
        return doctors[int(drawn * len(doctors))]


def international(code: str) -> str:
    """The WHO code that a national one extends: ``I10.x09`` → ``I10``, ``E11.900`` → ``E11.9``."""
    return code[:3] if code[4:5] == "x" else code[:5]


@cache
def vocabulary(institution: Institution) -> Vocabulary:
    return Vocabulary(institution)

"""English names of what records say in Chinese, by code: for pages in English, beside the record's own words.

A code without an English name has none (``""``): nothing is translated. The names are those of the code systems that
are shipped; of tests that are one quantity, the quantity's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xinglin.fhir.reading import LOINC, codings, text_of
from xinglin.summary import diagnoses, medicines, quantities
from xinglin.terminology import shipped

if TYPE_CHECKING:
    from collections.abc import Iterable

ATC = "http://www.whocc.no/atc"
_SUBSTANCE = 7  # letters and digits of an ATC code that means one substance
_FILES = {
    ATC: "atc",
    "urn:oid:2.16.156.10011.2.3.1.137": "ws364-cv05-01-038",  # allergens
    "urn:xinglin:codes:lab-test": "lab-tests",
    "urn:xinglin:codes:vaccine": "vaccines",
    "urn:xinglin:codes:vital-sign": "vital-signs",
}


def of_test(loinc: str) -> str:
    """A test by its LOINC code."""
    known = quantities.quantity(loinc, "", "") if loinc else None
    return known.en if known else shipped.english("loinc").get(loinc, "")


def of_disease(icd10: str) -> str:
    """A disease by a code of ICD-10, WHO's or the national edition's: else by the category that it is in."""
    code, names = diagnoses.of_who(icd10), shipped.english("icd10-who")
    return names.get(code) or names.get(code.partition(".")[0], "")


def of_medicine(atc: Iterable[str]) -> str:
    """A medicine by the ATC codes of its substances: empty when one of them has no name or is a group."""
    known = shipped.english("atc")
    names = [known.get(code, "") if len(code) == _SUBSTANCE else "" for code in dict.fromkeys(atc)]
    return " + ".join(dict.fromkeys(names)) if all(names) else ""


def of_drug(name: str) -> str:
    """A medicine that has no code, by its Chinese name, whatever its strength and form."""
    return shipped.english_by_name("drugs").get(medicines.stem(name), "")


def of_drug_concept(concept: Any) -> str:
    """A medicine by its codes, else by its Chinese name."""
    return of_concept(concept) or of_drug(text_of(concept))


def of_concept(concept: Any) -> str:
    """What a CodeableConcept means, by the first of its codes that has an English name."""
    return next(filter(None, (_of_coding(system, code) for system, code in codings(concept))), "")


def _of_coding(system: str, code: str) -> str:
    if system == LOINC:
        return of_test(code)
    if system in diagnoses.ICD10S:
        return of_disease(code)
    return shipped.english(_FILES[system]).get(code, "") if system in _FILES else ""

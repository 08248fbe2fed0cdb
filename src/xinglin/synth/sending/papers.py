"""An outing as shared documents: the visit's record, each report, the prescription, the discharge summary."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xinglin.exchange.cda import composing, kinds, writing
from xinglin.exchange.cda.documents import INSTITUTION, Number
from xinglin.synth import institutions
from xinglin.synth.sending import outings
from xinglin.synth.sending.drafts import Draft
from xinglin.synth.vocabulary import TCM_CODES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from xinglin.synth.sending.outings import Outing

MEDIA = "application/xml"
_TCM = {"tcm", "clinic"}


def make(outing: Outing) -> list[Draft]:
    """The documents of an outing."""
    own = [one for one in outing.resources if one["resourceType"] in composing.TYPES]
    if outing.stage == "discharged":
        return [_document(outing, "C0053", own)]
    known = outings.by_id(outing.resources)
    made = []
    if outing.stage != "admitted":
        made.append(_document(outing, "C0002", [*own, *_syndromes(own)]))
    for number, report in enumerate(outing.of("DiagnosticReport"), 1):
        results = [known[one["reference"]] for one in report.get("result", ())]
        made.append(_document(outing, "C0007" if results else "C0006", [report, *results], number))
    medicines = outing.of("MedicationRequest")
    if medicines:
        code = "C0005" if outing.station.institution.kind in _TCM else "C0004"
        made.append(_document(outing, code, [*medicines, *outing.of("Condition")]))
    return made


def _document(outing: Outing, code: str, resources: Iterable[dict[str, Any]], number: int = 1) -> Draft:
    gathered = composing.Gathered(outing.patient, outing.encounter)
    for one in resources:
        gathered.resources.setdefault(one["resourceType"], []).append(one)
    kind = kinds.kinds()[code]
    control = f"{outing.visit}-{code}-{number}"
    document = composing.compose(kind, gathered, number=control, now=outing.moment)
    credit = institutions.credit_code(outing.station.institution)
    for unit in (document.institution, document.custodian):
        unit.number, unit.name = Number(INSTITUTION, credit), outing.station.institution.name
    return Draft(code, control, writing.write(document), MEDIA)


def _syndromes(resources: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """What a diagnosis of Chinese medicine rests on, as a finding of its own: documents have a place for it."""
    found = []
    for one in resources:
        for evidence in one.get("evidence", ()) if one["resourceType"] == "Condition" else ():
            code = evidence["code"][0]
            if code["coding"][0]["system"] == TCM_CODES:
                found.append({**one, "id": f"{one['id']}-s", "code": code, "evidence": []})
    return found

"""The invariants that every check tests, by structure: those that clinical and administrative data meet.

Each entry is the key of a constraint of the standard and how it is tested here; its words come from the
definitions. The rest, mostly of StructureDefinition and TestScript, is for ``check_fully``.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from xinglin.fhir.definitions import structure
from xinglin.fhir.narrative import has_content, is_plain_html
from xinglin.fhir.validation import conditions as c
from xinglin.fhir.validation.shapes import Excludes, Holds, Needs, OneAtLeast, OneExactly

if TYPE_CHECKING:
    from collections.abc import Callable

    from xinglin.fhir.definitions import Constraint, Structure
    from xinglin.fhir.validation.shapes import Node, Rule

_ACTION = OneExactly(("operation", "assert"))

RULES: dict[str, dict[str, Rule]] = {
    # data types
    "Age": {"age-1": Holds(c.age_is_positive_ucum)},
    "Attachment": {"att-1": Needs("data", ("contentType",))},
    "ContactPoint": {"cpt-2": Needs("value", ("system",))},
    "Count": {"cnt-3": Holds(c.count_is_whole)},
    "DataRequirement.codeFilter": {"drq-1": OneExactly(("path", "searchParam"))},
    "DataRequirement.dateFilter": {"drq-2": OneExactly(("path", "searchParam"))},
    "Distance": {"dis-1": Holds(c.distance_is_ucum)},
    "Duration": {"drt-1": Holds(c.duration_is_ucum)},
    "Extension": {"ext-1": OneExactly(("extension", "value"))},
    "Expression": {"exp-1": OneAtLeast(("expression", "reference"))},
    "MoneyQuantity": {"mqty-1": Holds(c.money_is_a_currency)},
    "Narrative": {
        "txt-1": Holds(lambda node: is_plain_html(node["div"]), when="div"),
        "txt-2": Holds(lambda node: has_content(node["div"]), when="div"),
    },
    "Period": {"per-1": Holds(c.period_is_in_order, when="start")},
    "Quantity": {"qty-3": Needs("code", ("system",))},
    "Range": {"rng-2": Holds(c.range_is_in_order, when="low")},
    "Ratio": {"rat-1": Holds(c.ratio_has_both_parts)},
    "Timing.repeat": {
        "tim-1": Needs("duration", ("durationUnit",)),
        "tim-2": Needs("period", ("periodUnit",)),
        "tim-4": Holds(lambda node: node["duration"] >= 0, when="duration"),
        "tim-5": Holds(lambda node: node["period"] >= 0, when="period"),
        "tim-6": Needs("periodMax", ("period",)),
        "tim-7": Needs("durationMax", ("duration",)),
        "tim-8": Needs("countMax", ("count",)),
        "tim-9": Holds(c.offset_is_from_an_event, when="offset"),
        "tim-10": Excludes("timeOfDay", ("when",)),
    },
    "TriggerDefinition": {
        "trd-1": Excludes("data", ("timing",)),
        "trd-2": Needs("condition", ("data",)),
        "trd-3": Holds(c.trigger_has_what_its_type_needs),
    },
    # resources
    "AllergyIntolerance": {
        "ait-1": Holds(c.allergy_has_a_status),
        "ait-2": Holds(c.allergy_in_error_has_no_status, when="verificationStatus"),
    },
    "Appointment": {
        "app-2": Holds(lambda node: ("start" in node) == ("end" in node)),
        "app-3": Holds(c.appointment_has_its_time),
        "app-4": Holds(lambda node: node["status"] in ("no-show", "cancelled"), when="cancelationReason"),
    },
    "Appointment.participant": {"app-1": OneAtLeast(("type", "actor"))},
    "AppointmentResponse": {"apr-1": OneAtLeast(("participantType", "actor"))},
    "AuditEvent.entity": {"sev-1": Excludes("name", ("query",))},
    "Bundle": {
        "bdl-1": Holds(lambda node: node["type"] in ("searchset", "history"), when="total"),
        "bdl-2": Holds(c.bundle_search_only_in_searchsets, when="entry"),
        "bdl-3": Holds(c.bundle_requests_where_due, when="entry"),
        "bdl-4": Holds(c.bundle_responses_where_due, when="entry"),
        "bdl-7": Holds(c.bundle_full_urls_are_unique, when="entry"),
        "bdl-9": Holds(c.document_has_an_identifier),
        "bdl-10": Holds(lambda node: node["type"] != "document" or "timestamp" in node),
        "bdl-11": Holds(lambda node: node["type"] != "document" or c.begins_with(node, "Composition")),
        "bdl-12": Holds(lambda node: node["type"] != "message" or c.begins_with(node, "MessageHeader")),
    },
    "Bundle.entry": {
        "bdl-5": OneAtLeast(("resource", "request", "response")),
        "bdl-8": Holds(lambda node: "/_history/" not in node["fullUrl"], when="fullUrl"),
    },
    "CarePlan.activity": {"cpl-3": Excludes("detail", ("reference",))},
    "Composition.section": {
        "cmp-1": OneAtLeast(("text", "entry", "section")),
        "cmp-2": Excludes("emptyReason", ("entry",)),
    },
    "ConceptMap.group.unmapped": {
        "cmd-2": Holds(lambda node: node["mode"] != "fixed" or "code" in node),
        "cmd-3": Holds(lambda node: node["mode"] != "other-map" or "url" in node),
    },
    "Condition": {
        "con-4": Holds(c.abated_condition_is_inactive),
        "con-5": Holds(c.condition_in_error_has_no_status, when="verificationStatus"),
    },
    "Condition.stage": {"con-1": OneAtLeast(("summary", "assessment"))},
    "Condition.evidence": {"con-2": OneAtLeast(("code", "detail"))},
    "Consent": {"ppc-1": OneAtLeast(("policy", "policyRule"))},
    "CoverageEligibilityResponse.insurance.item": {"ces-1": OneExactly(("category", "productOrService"))},
    "FamilyMemberHistory": {
        "fhs-1": Excludes("age", ("born",)),
        "fhs-2": Needs("estimatedAge", ("age",)),
    },
    "Goal.target": {"gol-1": Needs("detail", ("measure",))},
    "Group": {"grp-1": Holds(lambda node: node["actual"] is True, when="member")},
    "Immunization.education": {"imm-1": OneAtLeast(("documentType", "reference"))},
    "ImmunizationRecommendation.recommendation": {"imr-1": OneAtLeast(("vaccineCode", "targetDisease"))},
    "InsurancePlan": {"ipn-1": OneAtLeast(("identifier", "name"))},
    "Linkage": {"lnk-1": Holds(lambda node: len(node["item"]) > 1)},
    "List": {
        "lst-1": Excludes("emptyReason", ("entry",)),
        "lst-2": Holds(
            lambda node: node["mode"] == "changes" or c.no_entry_has(node, "deleted"), when="entry"
        ),
        "lst-3": Holds(lambda node: node["mode"] == "working" or c.no_entry_has(node, "date"), when="entry"),
    },
    "MeasureReport": {"mrp-1": Holds(lambda node: node["type"] != "data-collection", when="group")},
    "MedicationAdministration.dosage": {"mad-1": OneAtLeast(("dose", "rate"))},
    "MedicationDispense": {"mdd-1": Holds(c.prepared_before_handed_over, when="whenHandedOver")},
    "MolecularSequence": {
        "msq-3": Holds(lambda node: node["coordinateSystem"] in (0, 1), when="coordinateSystem")
    },
    "Observation": {
        "obs-6": Excludes("dataAbsentReason", ("value",)),
        "obs-7": Holds(c.components_do_not_repeat_the_code, when="component"),
    },
    "Observation.referenceRange": {"obs-3": OneAtLeast(("low", "high", "text"))},
    "OperationDefinition.parameter": {"opd-1": OneAtLeast(("type", "part"))},
    "Organization": {
        "org-1": OneAtLeast(("identifier", "name")),
        "org-2": Holds(lambda node: c.none_for_home(node["address"]), when="address"),
        "org-3": Holds(lambda node: c.none_for_home(node["telecom"]), when="telecom"),
    },
    "Parameters.parameter": {"inv-1": OneExactly(("part", "value", "resource"))},
    "Patient.contact": {"pat-1": OneAtLeast(("name", "telecom", "address", "organization"))},
    "Questionnaire": {"que-2": Holds(c.link_ids_are_unique, when="item")},
    "Questionnaire.item": {
        "que-1": Holds(c.question_has_items_where_due),
        "que-3": Holds(lambda node: node["type"] != "display", when="code"),
        "que-4": Excludes("answerOption", ("answerValueSet",)),
        "que-5": Holds(c.options_fit_the_type),
        "que-6": Holds(c.display_is_not_required),
        "que-8": Holds(lambda node: node["type"] not in ("group", "display"), when="initial"),
        "que-9": Holds(lambda node: node["type"] != "display", when="readOnly"),
        "que-10": Holds(c.length_fits_the_type, when="maxLength"),
        "que-11": Excludes("answerOption", ("initial",)),
        "que-12": Holds(c.conditions_are_joined, when="enableWhen"),
        "que-13": Holds(c.one_initial_value_unless_repeated, when="initial"),
    },
    "Questionnaire.item.enableWhen": {
        "que-7": Holds(lambda node: node["operator"] != "exists" or "answerBoolean" in node)
    },
    "QuestionnaireResponse.item": {"qrs-1": Excludes("answer", ("item",))},
    "RequestGroup.action": {"rqg-1": OneExactly(("resource", "action"))},
    "RiskAssessment.prediction": {
        "ras-2": Holds(lambda node: node["probabilityDecimal"] <= 100, when="probabilityDecimal")
    },
    "SearchParameter": {
        "spd-1": Needs("xpath", ("xpathUsage",)),
        "spd-2": Holds(lambda node: node["type"] == "reference", when="chain"),
    },
    "ServiceRequest": {"prr-1": Needs("orderDetail", ("code",))},
    "Task": {"inv-1": Holds(c.modified_after_authored, when="lastModified")},
    "TestReport.setup.action": {"inv-1": _ACTION},
    "TestReport.test.action": {"inv-2": _ACTION},
    "TestScript.setup.action": {"tst-1": _ACTION},
    "TestScript.test.action": {"tst-2": _ACTION},
    "ValueSet.compose.include": {
        "vsd-1": OneAtLeast(("valueSet", "system")),
        "vsd-2": Holds(lambda node: "system" in node or not ("concept" in node or "filter" in node)),
        "vsd-3": Excludes("concept", ("filter",)),
    },
    "ValueSet.expansion.contains": {
        "vsd-6": OneAtLeast(("code", "display")),
        "vsd-9": Holds(lambda node: "code" in node or node.get("abstract") is True),
        "vsd-10": Needs("code", ("system",)),
    },
}


@dataclass(frozen=True, slots=True)
class Invariant:
    """A rule at work for one structure, its own or inherited."""

    constraint: Constraint
    rule: Rule
    test: Callable[[Node], bool]


@cache
def invariants(name: str) -> tuple[Invariant, ...]:
    """The invariants that every node of the structure ``name`` is tested for."""
    found: list[Invariant] = []
    owner = name
    while owner:
        definition = structure(owner)
        for key, rule in RULES.get(owner, {}).items():
            found.append(Invariant(_constraint(definition, key), rule, rule.test(structure(name))))
        owner = definition.base
    return tuple(found)


def _constraint(definition: Structure, key: str) -> Constraint:
    """The words of a constraint, which the definitions keep at the structure or at the element it is of."""
    places = [definition.constraints, *(e.constraints for e in definition.elements.values())]
    if "." in definition.name:
        parent, _, child = definition.name.rpartition(".")
        places.append(structure(parent).elements[child].constraints)
    return next(constraint for place in places for constraint in place if constraint.key == key)

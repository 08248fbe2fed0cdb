"""What the invariants ask that no shape says: each takes a node that is structurally right.

Named after what must hold; the page of the standard is that of the type, constraint by constraint.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xinglin.fhir import dates
from xinglin.kernel.errors import Fault

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from xinglin.fhir.validation.shapes import Node

UCUM = "http://unitsofmeasure.org"
CURRENCIES = "urn:iso:std:iso:4217"
TERMINOLOGY = "http://terminology.hl7.org/CodeSystem/"


def codes(concept: Node | None, system: str) -> set[str]:
    """The codes of a CodeableConcept from HL7's code system ``system``."""
    codings = concept.get("coding", ()) if concept else ()
    return {coding.get("code", "") for coding in codings if coding.get("system") == TERMINOLOGY + system}


def in_order(first: str | None, second: str | None) -> bool:
    """Whether ``first`` may be no later than ``second``, as far as their precision tells."""
    if first is None or second is None:
        return True
    if len(first) == len(second) and first[-6:] == second[-6:] and first <= second:
        return True
    try:
        return dates.interval(first)[0] < dates.interval(second)[1]
    except Fault:
        return False


# --- quantities ----------------------------------------------------------------------------------------


def _is_measured(node: Node, system: str) -> bool:
    return ("code" in node or "value" not in node) and node.get("system", system) == system


def age_is_positive_ucum(node: Node) -> bool:
    return _is_measured(node, UCUM) and node.get("value", 1) > 0


def count_is_whole(node: Node) -> bool:
    value = node.get("value", 0)
    return _is_measured(node, UCUM) and node.get("code", "1") == "1" and value == int(value)


def distance_is_ucum(node: Node) -> bool:
    return _is_measured(node, UCUM)


def duration_is_ucum(node: Node) -> bool:
    return "code" not in node or (node.get("system") == UCUM and ("value" in node or "_value" in node))


def money_is_a_currency(node: Node) -> bool:
    return _is_measured(node, CURRENCIES)


def range_is_in_order(node: Node) -> bool:
    low, high = node.get("low", {}), node.get("high", {})
    if "value" not in low or "value" not in high or low.get("code") != high.get("code"):
        return True
    return bool(low["value"] <= high["value"])


def ratio_has_both_parts(node: Node) -> bool:
    if "numerator" in node or "denominator" in node:
        return "numerator" in node and "denominator" in node
    return "extension" in node


# --- times ---------------------------------------------------------------------------------------------


def period_is_in_order(node: Node) -> bool:
    return in_order(node.get("start"), node.get("end"))


def prepared_before_handed_over(node: Node) -> bool:
    return in_order(node.get("whenPrepared"), node.get("whenHandedOver"))


def modified_after_authored(node: Node) -> bool:
    return in_order(node.get("authoredOn"), node.get("lastModified"))


def offset_is_from_an_event(node: Node) -> bool:
    return bool(node.get("when")) and not {"C", "CM", "CD", "CV"} & set(node["when"])


# --- statuses ------------------------------------------------------------------------------------------


def _is_in_error(node: Node, system: str) -> bool:
    return "entered-in-error" in codes(node.get("verificationStatus"), system)


def allergy_has_a_status(node: Node) -> bool:
    return "clinicalStatus" in node or _is_in_error(node, "allergyintolerance-verification")


def allergy_in_error_has_no_status(node: Node) -> bool:
    return "clinicalStatus" not in node or not _is_in_error(node, "allergyintolerance-verification")


def abated_condition_is_inactive(node: Node) -> bool:
    status = node.get("clinicalStatus")
    if not any(name.startswith(("abatement", "_abatement")) for name in node):
        return True
    return bool(codes(status, "condition-clinical") & {"resolved", "remission", "inactive"})


def condition_in_error_has_no_status(node: Node) -> bool:
    return "clinicalStatus" not in node or not _is_in_error(node, "condition-ver-status")


def appointment_has_its_time(node: Node) -> bool:
    return "start" in node or node.get("status") in ("proposed", "cancelled", "waitlist")


# --- bundles -------------------------------------------------------------------------------------------

_WITH_REQUESTS = ("batch", "transaction", "history")
_WITH_RESPONSES = ("batch-response", "transaction-response", "history")


def bundle_search_only_in_searchsets(node: Node) -> bool:
    return node["type"] == "searchset" or no_entry_has(node, "search")


def bundle_requests_where_due(node: Node) -> bool:
    due = node["type"] in _WITH_REQUESTS
    return all(("request" in entry) == due for entry in node["entry"])


def bundle_responses_where_due(node: Node) -> bool:
    due = node["type"] in _WITH_RESPONSES
    return all(("response" in entry) == due for entry in node["entry"])


def bundle_full_urls_are_unique(node: Node) -> bool:
    if node["type"] == "history":
        return True
    named = [entry for entry in node["entry"] if "fullUrl" in entry]
    return _are_unique((entry["fullUrl"], _version(entry.get("resource"))) for entry in named)


def _version(resource: Any) -> Any:
    meta = resource.get("meta") if isinstance(resource, dict) else None
    return meta.get("versionId") if isinstance(meta, dict) else None


def document_has_an_identifier(node: Node) -> bool:
    identifier = node.get("identifier", {})
    return node["type"] != "document" or ("system" in identifier and "value" in identifier)


def begins_with(bundle: Node, type_: str) -> bool:
    """Whether the first entry of the bundle is a resource of that type."""
    first = (bundle.get("entry") or [{}])[0]
    return bool(first.get("resource", {}).get("resourceType") == type_)


def no_entry_has(node: Node, name: str) -> bool:
    return not any(name in entry for entry in node["entry"])


# --- other resources -----------------------------------------------------------------------------------


def components_do_not_repeat_the_code(node: Node) -> bool:
    if not any(name.startswith(("value", "_value")) for name in node):
        return True
    own = node.get("code", {}).get("coding", ())
    return not any(
        coding in own for part in node["component"] for coding in part.get("code", {}).get("coding", ())
    )


def none_for_home(nodes: Iterable[Node]) -> bool:
    return all(node.get("use") != "home" for node in nodes)


def trigger_has_what_its_type_needs(node: Node) -> bool:
    type_ = node.get("type", "")
    if type_ == "named-event":
        return "name" in node
    if type_ == "periodic":
        return any(name.startswith("timing") for name in node)
    return "data" in node or not type_.startswith("data-")


# --- questionnaires ------------------------------------------------------------------------------------

_WITH_OPTIONS = frozenset(
    ("choice", "open-choice", "decimal", "integer", "date", "dateTime", "time", "string", "quantity")
)
_WITH_LENGTH = frozenset(("boolean", "decimal", "integer", "string", "text", "url", "open-choice"))


def _link_ids(node: Node) -> Iterator[Any]:
    for item in node.get("item", ()):
        yield item.get("linkId")
        yield from _link_ids(item)


def link_ids_are_unique(node: Node) -> bool:
    return _are_unique(_link_ids(node))


def question_has_items_where_due(node: Node) -> bool:
    if node["type"] == "group":
        return "item" in node
    return node["type"] != "display" or "item" not in node


def options_fit_the_type(node: Node) -> bool:
    return node["type"] in _WITH_OPTIONS or not ("answerValueSet" in node or "answerOption" in node)


def display_is_not_required(node: Node) -> bool:
    return node["type"] != "display" or not ("required" in node or "repeats" in node)


def length_fits_the_type(node: Node) -> bool:
    return node["type"] in _WITH_LENGTH


def conditions_are_joined(node: Node) -> bool:
    return len(node["enableWhen"]) <= 2 or "enableBehavior" in node


def one_initial_value_unless_repeated(node: Node) -> bool:
    return len(node["initial"]) <= 1 or node.get("repeats") is True


def _are_unique(values: Iterable[Any]) -> bool:
    seen = list(values)
    return len(set(seen)) == len(seen)

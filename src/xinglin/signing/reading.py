"""What a document says to whoever signs it: its title, its text, and the results that a report names."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING, Any

from xinglin.kernel.errors import Fault

if TYPE_CHECKING:
    from xinglin.record.door import Door

_MOST_RESULTS = 100


def title_of(resource: dict[str, Any]) -> str:
    """What a document is called."""
    code = resource.get("code") or resource.get("type") or {}
    coding = (code.get("coding") or [{}])[0]
    words = resource.get("title") or resource.get("description") or code.get("text") or coding.get("display")
    return str(words or resource["resourceType"])


def parts_of(resource: dict[str, Any]) -> list[str]:
    """What a document says, as plain text."""
    said = [_plain(resource.get("text"))]
    waiting = list(resource.get("section") or resource.get("item") or ())
    while waiting:
        part = waiting.pop(0)
        answers = [
            str(v)
            for a in part.get("answer", ())
            for k, v in a.items()
            if not isinstance(v, dict | list) and k
        ]
        said += [str(part.get("title") or ""), _plain(part.get("text"))]
        said += ["；".join(answers)]
        waiting = [*(part.get("section") or part.get("item") or ()), *waiting]
    said.append(str(resource.get("conclusion") or ""))
    return [one for one in said if one.strip()]


def _plain(text: Any) -> str:
    if isinstance(text, str):
        return text
    div = text.get("div", "") if isinstance(text, dict) else ""
    return html.unescape(re.sub(r"<[^>]*>", " ", re.sub(r"</(p|div|li|tr|h\d)>|<br ?/?>", "\n", div))).strip()


def whose(door: Door, resource: dict[str, Any]) -> str:
    """The name of whom a document is about; empty where it does not say."""
    subject = resource.get("subject") or {}
    type_name, _, id_ = str(subject.get("reference", "")).partition("/")
    if type_name != "Patient" or not id_ or "/" in id_:
        return str(subject.get("display", ""))
    try:
        name = (door.read(type_name, id_).resource.get("name") or [{}])[0]
    except Fault:
        return str(subject.get("display", ""))
    parts = list(filter(None, [name.get("family"), *name.get("given", ())]))
    return str(name.get("text") or ("" if not "".join(parts).isascii() else " ").join(parts))


def results_of(door: Door, resource: dict[str, Any]) -> list[str]:
    """The results that a report names, a line each: “Haemoglobin 132 g/L”. They are resources of their own."""
    lines = []
    for one in (resource.get("result") or ())[:_MOST_RESULTS]:
        type_name, _, id_ = str(one.get("reference", "")).partition("/")
        if type_name != "Observation" or not id_ or "/" in id_:
            continue
        try:
            lines.append(_result(door.read(type_name, id_).resource))
        except Fault:
            lines.append(str(one.get("display") or one["reference"]))
    return lines


def _result(observation: dict[str, Any]) -> str:
    parts = [observation, *(observation.get("component") or ())]
    return "；".join(filter(None, (" ".join(filter(None, (_named(one), _value(one)))) for one in parts)))


def _named(one: dict[str, Any]) -> str:
    code = one.get("code") or {}
    return str(code.get("text") or (code.get("coding") or [{}])[0].get("display") or "")


def _value(one: dict[str, Any]) -> str:
    quantity, coded = one.get("valueQuantity"), one.get("valueCodeableConcept")
    if quantity:
        compared = quantity.get("comparator", "")
        return f"{compared}{quantity.get('value', '')} {quantity.get('unit', '')}".strip()
    if coded:
        return _named({"code": coded})
    return str(one.get("valueString") or "")

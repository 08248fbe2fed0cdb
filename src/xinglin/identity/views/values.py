"""A person's golden view in words, numbers masked: in one line, field by field, and as a preview."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext

from xinglin.identity import comparing, golden, identifiers
from xinglin.identity.views import columns, words

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from xinglin.identity.golden import Field, Golden
    from xinglin.record.database import Connection
    from xinglin.record.queries import Stored


def line_of(link: Connection, person: str) -> dict[str, Any] | None:
    """A person in one line."""
    view = golden.view(link, person)
    if view is None or not view.sources:
        return None
    name, document = view.value("name"), view.value("document:NI")
    return {
        "id": view.person.id,
        "name": golden.name_text(name) if name else "",
        "sex": view.value("gender") or "",
        "birth": view.value("birthDate") or "",
        "identity": identifiers.mask_identity(str(document["value"])) if document else "",
        "institutions": view.person.institutions,
        "patients": len(view.sources),
    }


_NAMES = {
    "name": words.FIELDS["name"], "gender": words.FIELDS["sex"], "birthDate": words.FIELDS["birth"],
    "phone": words.FIELDS["phone"], "address": words.FIELDS["address"], "contact": words.FIELDS["contact"],
    "deceased": words.FIELDS["deceased"],
}  # fmt: skip


def _text(name: str, value: Any) -> str:
    """A value of the golden view in words; numbers masked."""
    read = _TEXTS.get(name.partition(":")[0])
    return read(value) if read else str(value)


def _coded(value: Any) -> str:
    return str(value.get("text") or next((c.get("display", "") for c in value.get("coding", ())), ""))


_TEXTS: dict[str, Callable[[Any], str]] = {
    "document": lambda value: identifiers.mask_identity(str(value.get("value", ""))),
    "name": golden.name_text,
    "contact": lambda value: golden.name_text(value.get("name", {})),
    "phone": lambda value: identifiers.mask_phone(str(value.get("value", ""))),
    "address": comparing.address_text,
    "deceased": lambda value: str(value.get("deceasedDateTime") or gettext("yes"))[:10],
    "maritalStatus": _coded,
    "multipleBirth": lambda value: ", ".join(str(v) for v in value.values()),
    "communication": lambda value: "、".join(_coded(one.get("language", {})) for one in value),
}


def field_of(field: Field, view: Golden, names: dict[str, str]) -> dict[str, Any]:
    by = {s.id: columns.institution(s, names) for s in view.sources}
    kind, _, document = field.name.partition(":")
    label = f"{words.FIELDS['document']} {document}" if document else _NAMES.get(kind, kind)
    return {
        "key": field.name,
        "label": label,
        "sex": field.value if field.name == "gender" else "",
        "text": _text(field.name, field.value),
        "masked": kind in {"document", "phone"},
        "institution": by.get(field.patient, field.institution),
        "said_by": len(field.said_by),
        "why": words.WHY.get(field.why, field.why),
        "losing": [
            {
                "text": _text(field.name, choice.best.value),
                "sex": choice.best.value if field.name == "gender" else "",
                "by": sorted({by.get(value.patient, value.institution) for value in choice.said_by}),
            }
            for choice in field.losing
        ],
    }


def preview(sources: Sequence[Stored], names: dict[str, str]) -> list[dict[str, Any]]:
    """What the golden view of these Patients would be."""
    fields = golden.of_resources(sources)
    by = {s.id: columns.institution(s, names) for s in sources}
    return [
        {
            "label": _NAMES.get(f.name, f"{words.FIELDS['document']} {f.name.partition(':')[2]}"),
            "text": _text(f.name, f.value),
            "sex": f.value if f.name == "gender" else "",
            "institution": by.get(f.patient, ""),
            "losing": [
                {"text": _text(f.name, c.best.value), "sex": c.best.value if f.name == "gender" else ""}
                for c in f.losing
            ],
        }
        for f in fields.values()
        if f.name in _NAMES or f.name.startswith("document:")
    ]

"""What people are asked: a table of codes and what it is mapped to."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from xinglin.codebook.mapping.collecting import SOURCES

KINDS = (
    ("test", _("Laboratory tests")),
    ("diagnosis", _("Diagnoses")),
    ("drug", _("Drugs")),
    ("procedure", _("Procedures")),
    ("other", _("Other codes")),
)


class NewBookForm(forms.Form):
    """An institution's codes as a file, and the standard that they are mapped to."""

    institution = forms.CharField(label=_("Institution"), max_length=200)
    kind = forms.ChoiceField(label=_("Kind of codes"), choices=KINDS)
    target = forms.ChoiceField(label=_("Map to"), required=False)
    source = forms.CharField(
        label=_("Address of the local code system"),
        max_length=300,
        required=False,
        help_text=_("As the institution's messages name it. Left empty, one is made from the name."),
    )
    file = forms.FileField(
        label=_("Table of codes"),
        help_text=_("CSV or Excel with a code, a name, and perhaps unit and count."),
    )
    only_good = forms.BooleanField(label=_("Leave out lines that are wrong"), required=False)

    def __init__(self, *args: Any, targets: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        target = self.fields["target"]
        assert isinstance(target, forms.ChoiceField)
        target.choices = [("", _("the usual one for the kind")), *targets]
        for name, field in self.fields.items():
            if field.help_text:
                field.widget.attrs["aria-describedby"] = f"id_{name}_helptext"

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        kind = cleaned.get("kind", "")
        if not cleaned.get("target"):
            if kind in SOURCES:
                cleaned["target"] = SOURCES[kind].target
            elif kind:
                self.add_error("target", _("Say what these codes are mapped to."))
        source = cleaned.get("source", "").strip()
        if source and any(map(str.isspace, source)):
            self.add_error("source", _("An address has no blanks, as urn:oid:1.2.156.1."))
        if not source and cleaned.get("institution"):
            cleaned["source"] = (
                f"urn:xinglin:institution:{cleaned['institution'].strip().replace(' ', '-')}:{kind}"
            )
        return cleaned

"""What a steward is asked about a file of codes."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from xinglin.terminology import files
from xinglin.terminology.values import CONFIDENCES

MOST_BYTES = 64 << 20
_TEXT = {"class": "form-control"}
_CHOICE = {"class": "form-select"}


class LoadForm(forms.Form):
    """The file, and for a table what it is. A FHIR resource or package says that itself."""

    file = forms.FileField(
        label=_("File"),
        help_text=_("CSV, Excel, a FHIR resource (.json) or a FHIR package (.tgz), at most 64 MB"),
        widget=forms.ClearableFileInput(
            attrs={"class": "form-control", "accept": ".csv,.xlsx,.json,.tgz,.txt"}
        ),
    )
    kind = forms.ChoiceField(
        label=_("What it is"),
        choices=[(files.SYSTEM, _("Code system")), (files.MAP, _("Map"))],
        widget=forms.Select(attrs=_CHOICE),
    )
    url = forms.CharField(
        label=_("Address (url)"),
        required=False,
        max_length=500,
        help_text=_("Such as urn:oid:2.16.156.10011.2.3.1.1 or https://…"),
        widget=forms.TextInput(attrs=_TEXT),
    )
    version = forms.CharField(
        label=_("Version"), required=False, max_length=60, widget=forms.TextInput(attrs=_TEXT)
    )
    title = forms.CharField(
        label=_("Title"), required=False, max_length=200, widget=forms.TextInput(attrs=_TEXT)
    )
    english = forms.CharField(
        label=_("Title in English"), required=False, max_length=200, widget=forms.TextInput(attrs=_TEXT)
    )
    effective = forms.DateField(
        label=_("In force from"), required=False, widget=forms.DateInput(attrs={**_TEXT, "type": "date"})
    )
    until = forms.DateField(
        label=_("No longer from"), required=False, widget=forms.DateInput(attrs={**_TEXT, "type": "date"})
    )
    hierarchy = forms.ChoiceField(
        label=_("Hierarchy"),
        choices=[("is-a", _("Kinds (is-a)")), ("part-of", _("Parts")), ("none", _("None"))],
        widget=forms.Select(attrs=_CHOICE),
    )
    source = forms.CharField(
        label=_("From which code system"),
        required=False,
        max_length=500,
        widget=forms.TextInput(attrs=_TEXT),
        help_text=_("For a map"),
    )
    target = forms.CharField(
        label=_("To which code system"),
        required=False,
        max_length=500,
        widget=forms.TextInput(attrs=_TEXT),
        help_text=_("For a map"),
    )
    origin_text = forms.CharField(
        label=_("Source"),
        required=False,
        max_length=300,
        help_text=_("The document or office that the codes are from"),
        widget=forms.TextInput(attrs=_TEXT),
    )
    confidence = forms.ChoiceField(
        label=_("Confidence"),
        required=False,
        choices=[("", "—"), *((one, _(one)) for one in CONFIDENCES)],
        widget=forms.Select(attrs=_CHOICE),
    )

    def clean_file(self) -> Any:
        sent = self.cleaned_data["file"]
        if sent.size > MOST_BYTES:
            raise forms.ValidationError(_("The file is larger than 64 MB; load it with the command instead."))
        return sent

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        name = str(given["file"].name).lower() if "file" in given else ""
        if name.endswith((".json", ".tgz")):
            return given
        if not given.get("url"):
            self.add_error("url", _("A table does not say its address; give it here."))
        if given.get("kind") == files.MAP:
            for end in ("source", "target"):
                if not given.get(end):
                    self.add_error(end, _("A map needs the code systems of both its sides."))
        return given

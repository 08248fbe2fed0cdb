"""What is asked on the pages of images."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext_lazy as _

from xinglin.exchange.dicom import matching, rules
from xinglin.exchange.dicom.actions import MENDABLE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xinglin.exchange.dicom.matching import Asked

MODALITIES = {
    "CT": _("CT"), "MR": _("Magnetic resonance"), "DX": _("Digital radiography"), "CR": _("Computed radiography"),
    "US": _("Ultrasound"), "MG": _("Mammography"), "XA": _("Angiography"), "RF": _("Fluoroscopy"),
    "NM": _("Nuclear medicine"), "PT": _("PET"), "ES": _("Endoscopy"), "ECG": _("Electrocardiogram"),
    "OP": _("Eye photography"), "SM": _("Slides"), "IO": _("Dental images"), "SR": _("Structured report"),
    "DOC": _("Encapsulated document"), "OT": _("Other kinds of images"),
}  # fmt: skip
_NUMBERS = frozenset("0123456789")


class StudiesForm(forms.Form):
    """Which studies."""

    patient = forms.CharField(label=_("Patient: name or number"), required=False, max_length=64, strip=True)
    modality = forms.ChoiceField(label=_("Modality"), required=False)
    since = forms.DateField(label=_("From day"), required=False, widget=forms.DateInput({"type": "date"}))
    until = forms.DateField(label=_("To day"), required=False, widget=forms.DateInput({"type": "date"}))

    def __init__(self, data: Any) -> None:
        super().__init__(data)
        field = self.fields["modality"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", _("All")), *((code, f"{code} · {name}") for code, name in MODALITIES.items())]
        for name, one in self.fields.items():
            one.widget.attrs["class"] = "xl-select" if name == "modality" else "form-control"

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        if given.get("since") and given.get("until") and given["since"] > given["until"]:
            self.add_error("until", _("The last day lies before the first."))
        return given

    def asked(self) -> Sequence[Asked]:
        """The question; what was typed wrongly is left out."""
        given = self.cleaned_data
        found = []
        who = given.get("patient") or ""
        if who:
            number = bool(_NUMBERS & set(who))
            found.append(
                matching.asked("PatientID" if number else "PatientName", who if number else f"{who}*")
            )
        if given.get("modality"):
            found.append(matching.asked("ModalitiesInStudy", given["modality"]))
        since, until = given.get("since"), given.get("until")
        if since or until:
            text = "-".join(f"{day:%Y%m%d}" if day else "" for day in (since, until))
            found.append(matching.asked("StudyDate", text))
        return found


class MendForm(forms.Form):
    """What can be put right of a held instance; what stays empty stays as it is."""

    tag_00100020 = forms.CharField(label=_("Patient's number at the sender"), required=False, max_length=64)
    tag_00080050 = forms.CharField(
        label=_("Number of the order (accession number)"), required=False, max_length=16
    )
    tag_0020000D = forms.CharField(label=_("Study Instance UID"), required=False, max_length=64)  # noqa: N815 -- a tag

    def __init__(self, data: Any, known: dict[str, str]) -> None:
        super().__init__(data)
        for name, field in self.fields.items():
            field.widget.attrs |= {
                "class": "form-control",
                "placeholder": known.get(name.removeprefix("tag_"), ""),
            }

    def clean_tag_0020000D(self) -> str:  # noqa: N802 -- Django's name for it
        given = str(self.cleaned_data["tag_0020000D"]).strip()
        if given and not rules.is_uid(given):
            raise forms.ValidationError(_("A UID is figures with points between, at most 64 signs."))
        return given

    @property
    def changes(self) -> dict[str, str]:
        """What was filled in, by tag."""
        return {
            tag: value
            for tag in MENDABLE
            if (value := str(self.cleaned_data.get(f"tag_{tag}") or "").strip())
        }

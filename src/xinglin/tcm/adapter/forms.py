"""What is typed in a window, and at the administrator's desk."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from xinglin.tcm.adapter import messages, rules

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xinglin.tcm.adapter.models import System

_ABOUT = {"patientId", "outpatientNo", "createTime", "doctorId", "doctorName"}
_LONG = 300  # characters from which a field has several lines


def _text(
    label: Any, most: int, *, required: bool = False, lines: int = 0, kept: str | None = None
) -> forms.CharField:
    attrs = {"class": "form-control"}
    widget = forms.Textarea({**attrs, "rows": lines}) if lines else forms.TextInput(attrs)
    if kept:
        widget.attrs["list"] = kept
    return forms.CharField(label=label, max_length=most, required=required, widget=widget)


class AdoptForm(forms.Form):
    """What the doctor decides on a proposal. ``syndrome`` is a term's id, empty for one of the doctor's own."""

    text = forms.CharField(max_length=20_000, widget=forms.HiddenInput)
    proposed = forms.CharField(max_length=400, required=False, widget=forms.HiddenInput)
    known = forms.BooleanField(required=False, widget=forms.HiddenInput)
    term = forms.ChoiceField(
        label=_("Syndrome"), required=False, widget=forms.RadioSelect({"class": "form-check-input"})
    )
    name = _text(_("another one"), 100)
    disease = _text(_("Disease"), 100, required=True, kept="diseases")
    therapy = _text(_("Principle and method"), 300, kept="therapies")
    formula = forms.ChoiceField(
        label=_("Formula"), required=False, widget=forms.Select({"class": "xl-select"})
    )

    def __init__(
        self, *args: Any, terms: Sequence[tuple[str, str]], formulas: Sequence[tuple[str, str]], **more: Any
    ) -> None:
        super().__init__(*args, **more)
        for field, choices in (("term", terms), ("formula", [("", "—"), *formulas])):
            found = self.fields[field]
            assert isinstance(found, forms.ChoiceField)
            found.choices = list(choices)

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        if not given.get("term") and not given.get("name"):
            self.add_error("name", _("Say which syndrome it is."))
        return given


class PrescriptionForm(forms.Form):
    """A herbal prescription as it is typed."""

    name = _text(_("Name of the formula"), 100)
    text = _text(_("One herb a line: name, grams, how it is prepared"), 4000, required=True, lines=10)
    doses = forms.IntegerField(
        label=_("Doses"),
        min_value=1,
        max_value=90,
        initial=7,
        widget=forms.NumberInput({"class": "form-control"}),
    )
    usage = _text(_("How it is taken"), 200)
    decoction = _text(_("How it is boiled"), 200)
    reason = forms.ChoiceField(
        label=_("Why it is right in spite of that"),
        required=False,
        widget=forms.Select({"class": "xl-select"}),
    )
    words = _text(_("In words"), 200)

    def __init__(self, *args: Any, reasons: Sequence[tuple[str, str]], **more: Any) -> None:
        super().__init__(*args, **more)
        found = self.fields["reason"]
        assert isinstance(found, forms.ChoiceField)
        found.choices = [("", "—"), *reasons]


class RecordForm(forms.Form):
    """The fields of the record's message, and the diagnoses."""

    disease = _text(_("Disease"), 100, required=True, kept="diseases")
    syndrome_name = _text(_("Syndrome"), 100, required=True, kept="syndromes")
    western = _text(_("Western diagnosis"), 100)

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        chinese = (get_language() or "zh").startswith("zh")
        for field in messages.shipped().types["TCM_HIS_07"].fields:
            if field.name not in _ABOUT:
                self.fields[field.name] = _text(
                    field.text if chinese else field.text_en.capitalize(), field.most, required=field.required,
                    lines=2 if field.most > _LONG else 0,
                )  # fmt: skip

    def payload(self) -> dict[str, str]:
        """What the message says."""
        names = [field.name for field in messages.shipped().types["TCM_HIS_07"].fields]
        return {name: self.cleaned_data[name] for name in names if self.cleaned_data.get(name)}


class SystemForm(forms.Form):
    """Where a system's windows are, and what it may open."""

    origins = _text(_("Origins of its windows, one a line"), 2000, required=True, lines=3)
    pages = forms.MultipleChoiceField(
        label=_("Pages that it may open"), widget=forms.CheckboxSelectMultiple({"class": "form-check-input"})
    )

    def __init__(self, data: Any = None, *, known: System | None = None) -> None:
        chosen = known.pages if known else list(rules.pages())
        super().__init__(
            data, initial={"origins": "\n".join(known.origins) if known else "", "pages": chosen}
        )
        field = self.fields["pages"]
        assert isinstance(field, forms.MultipleChoiceField)
        field.choices = [(one.key, f"{one.title} ({one.resource})") for one in rules.pages().values()]


class DoctorForm(forms.Form):
    """Which account a number means."""

    number = _text(_("The clinic's number of the doctor"), 64, required=True)
    username = _text(_("Account"), 60, required=True)

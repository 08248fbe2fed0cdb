"""What counters are asked about cards, one form a question."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext_lazy as _

from xinglin.fhir.dates import LOCAL_ZONE
from xinglin.healthcard import reference, words
from xinglin.healthcard.queries import Filter
from xinglin.healthcard.rules import Act, Kind, State

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date, datetime

_CONTROL = {"class": "form-control"}
_SELECT = {"class": "form-select"}
_CHECK = {"class": "form-check-input"}


def _day() -> forms.DateInput:
    """A date as browsers want it, whatever the language."""
    return forms.DateInput(_CONTROL | {"type": "date"}, format="%Y-%m-%d")


def _choices(terms: Iterable[reference.Term]) -> list[tuple[str, str]]:
    return [("", "—"), *((term.code, term.words(words.language())) for term in terms)]


class ScanForm(forms.Form):
    """What a counter scans, and for what. The scanned text itself is read by ``codes``."""

    code = forms.CharField(max_length=600, required=False, strip=True)
    counter = forms.CharField(
        label=_("Name of this counter"),
        max_length=80,
        required=False,
        widget=forms.TextInput(_CONTROL | {"autocomplete": "off"}),
    )
    operation = forms.ChoiceField(label=_("Needed for"), required=False, widget=forms.Select(_SELECT))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["operation"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(t.code, t.words(words.language())) for t in reference.operations().values()]


class IssueForm(forms.Form):
    """Which kind of card, and whether it is in the holder's hands."""

    kind = forms.ChoiceField(
        label=_("Kind"), choices=[(k.value, words.KINDS[k.value]) for k in Kind], widget=forms.Select(_SELECT)
    )
    handed_over = forms.BooleanField(
        label=_("Handed over now"), required=False, initial=True, widget=forms.CheckboxInput(_CHECK)
    )  # fmt: skip


class ActForm(forms.Form):
    """Why something is done to a card."""

    reason = forms.ChoiceField(label=_("Reason for the change"), required=False, widget=forms.Select(_SELECT))
    note = forms.CharField(
        label=_("Note"), max_length=500, required=False, widget=forms.TextInput(_CONTROL | {"autocomplete": "off"})
    )  # fmt: skip

    def __init__(self, act: Act, card: int) -> None:
        super().__init__(auto_id=f"{act.value}-%s-{card}")
        field = self.fields["reason"]
        assert isinstance(field, forms.ChoiceField)
        known = reference.reasons(act.value)
        field.choices = _choices(known.values())
        field.required = bool(known)
        if not known:
            del self.fields["reason"]
        if act is Act.REPLACE:
            self.fields["handed_over"] = forms.BooleanField(
                label=_("Handed over now"), required=False, initial=True, widget=forms.CheckboxInput(_CHECK)
            )


class BindForm(forms.Form):
    """Who may show this person's card, on what evidence, from when to when."""

    carer = forms.CharField(
        label=_("The other's card or identity number"),
        max_length=600,
        widget=forms.TextInput(_CONTROL | {"autocomplete": "off", "spellcheck": "false"}),
    )
    relation = forms.ChoiceField(label=_("Relation to the holder"), widget=forms.Select(_SELECT))
    evidence = forms.ChoiceField(label=_("Document shown"), widget=forms.Select(_SELECT))
    reference = forms.CharField(
        label=_("Number of the evidence, or where its copy is"),
        max_length=200,
        widget=forms.TextInput(_CONTROL | {"autocomplete": "off"}),
    )
    starts = forms.DateField(label=_("First day"), widget=_day())
    ends = forms.DateField(label=_("Last day"), required=False, widget=_day())
    consent = forms.BooleanField(
        label=_("The holder has agreed, and I have seen it"),
        required=False,
        widget=forms.CheckboxInput({"class": "form-check-input"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, terms in (("relation", reference.relations()), ("evidence", reference.evidence())):
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)
            field.choices = _choices(terms.values())


class FilterForm(forms.Form):
    """Which cards a list is about. What cannot be read says nothing."""

    state = forms.ChoiceField(
        label=_("State"), required=False, widget=forms.Select(_SELECT),
        choices=[("", _("All states")), *((s.value, words.STATES[s.value]) for s in State)],
    )  # fmt: skip
    kind = forms.ChoiceField(
        label=_("Kind"), required=False, widget=forms.Select(_SELECT),
        choices=[("", _("All kinds")), *((k.value, words.KINDS[k.value]) for k in Kind)],
    )  # fmt: skip
    institution = forms.ChoiceField(label=_("Issued by"), required=False, widget=forms.Select(_SELECT))
    number = forms.RegexField(
        r"^[0-9A-Fa-f]{4,64}$", label=_("First or last four digits"), required=False,
        widget=forms.TextInput(_CONTROL | {"autocomplete": "off", "spellcheck": "false"}),
        error_messages={"invalid": _("Type four or more of the digits 0 to 9 and A to F.")},
    )  # fmt: skip
    since = forms.DateField(label=_("Issued from"), required=False, widget=_day())
    until = forms.DateField(label=_("Issued until"), required=False, widget=_day())

    def __init__(self, issuers: Iterable[tuple[str, str]], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["institution"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", _("All institutions")), *issuers]

    def wanted(self, institution: str) -> Filter:
        """The filter, within the institution that the asker is bound to, if any."""
        self.is_valid()
        said = self.cleaned_data
        return Filter(
            state=said.get("state") or "",
            kind=said.get("kind") or "",
            institution=institution or said.get("institution") or "",
            number=said.get("number") or "",
            since=said.get("since"),
            until=said.get("until"),
        )


class BatchForm(forms.Form):
    """Whose residents are to get which cards."""

    institution = forms.ChoiceField(label=_("Institution"), widget=forms.Select(_SELECT))
    kind = forms.ChoiceField(
        label=_("Kind"), choices=[(k.value, words.KINDS[k.value]) for k in Kind], widget=forms.Select(_SELECT)
    )
    handed_over = forms.BooleanField(
        label=_("Active at once"), required=False, initial=True, widget=forms.CheckboxInput(_CHECK)
    )  # fmt: skip

    def __init__(self, institutions: Iterable[tuple[str, str]], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["institution"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = list(institutions)


def local_day(moment: datetime) -> date:
    """The day in this country."""
    return moment.astimezone(LOCAL_ZONE).date()


def a_year_on(day: date) -> date:
    """What is proposed as the last day of a carer's binding."""
    return day + timedelta(days=365)

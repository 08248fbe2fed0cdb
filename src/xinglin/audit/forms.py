"""What is asked on the pages."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING

from django import forms
from django.utils.translation import gettext_lazy as _

from xinglin.audit import queries, words
from xinglin.audit.queries import Cases, Wanted
from xinglin.fhir.dates import LOCAL_ZONE
from xinglin.identity import queries as identity
from xinglin.kernel.ids import self_number

if TYPE_CHECKING:
    from xinglin.audit.rules import Scope, State
    from xinglin.record.database import Connection

_ALL = [("", _("All"))]
_NOBODY = ("",)


class LinesForm(forms.Form):
    """Which lines of the log to show."""

    who = forms.CharField(label=_("Reader"), required=False, max_length=120, strip=True)
    whose = forms.CharField(label=_("Whose record"), required=False, max_length=64, strip=True)
    action = forms.ChoiceField(label=_("What was done"), required=False)
    purpose = forms.ChoiceField(label=_("To what end"), required=False)
    outcome = forms.ChoiceField(
        label=_("Permitted or refused"),
        required=False,
        choices=[*_ALL, ("0", _("Permitted")), ("4", _("Refused"))],
    )
    institution = forms.CharField(label=_("Institution"), required=False, max_length=64, strip=True)
    address = forms.CharField(label=_("Network address"), required=False, max_length=64, strip=True)
    since = forms.DateField(
        label=_("From day"), required=False, widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d")
    )
    until = forms.DateField(
        label=_("To day"), required=False, widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d")
    )

    def __init__(self, data: object = None) -> None:
        super().__init__(data)  # type: ignore[arg-type]  # a QueryDict
        for name, table in (("action", words.ACTIONS), ("purpose", words.PURPOSES)):
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)
            field.choices = [*_ALL, *table.items()]
        for name, field in self.fields.items():
            selecting = isinstance(field, forms.ChoiceField)
            field.widget.attrs["class"] = "xl-select" if selecting else "form-control"
            if name in {"who", "whose"}:
                field.widget.attrs["autocomplete"] = "off"
        self.fields["who"].widget.attrs["placeholder"] = _("Name or account")
        self.fields["whose"].widget.attrs["placeholder"] = _("Patient id or person id")

    def clean(self) -> dict[str, object]:
        given: dict[str, object] = super().clean() or {}
        since, until = given.get("since"), given.get("until")
        if since and until and since > until:  # type: ignore[operator]  # both are dates
            self.add_error("until", _("The last day lies before the first."))
        return given

    def wanted(self, connection: Connection, scope: Scope) -> Wanted:
        """The question; what was typed wrongly asks for nothing."""
        given = self.cleaned_data
        since, until = given.get("since"), given.get("until")
        who, whose = given.get("who"), given.get("whose")
        return Wanted(
            since=datetime.combine(since, time.min, LOCAL_ZONE) if since else None,
            until=datetime.combine(until + timedelta(days=1), time.min, LOCAL_ZONE) if until else None,
            actors=(queries.readers_called(who) or _NOBODY) if who else (),
            patients=_numbers(connection, whose) if whose else None,
            actions=(given["action"],) if given.get("action") else (),
            purpose=given.get("purpose") or "",
            refused={"0": False, "4": True}.get(given.get("outcome") or ""),
            institution=given.get("institution") or "",
            address=given.get("address") or "",
            scope=scope,
        )


def _numbers(connection: Connection, text: str) -> tuple[int, ...]:
    """The numbers of all Patients of the resident, by the id of one of them or of the person."""
    id_ = text.removeprefix("Patient/").removeprefix("Person/")
    ids = identity.patients_of(connection, id_) if len(id_) == 15 else ()
    return tuple(self_number("Patient", one) for one in ids or identity.together(connection, id_))


class AlertsForm(forms.Form):
    """Which alerts to show."""

    state = forms.ChoiceField(label=_("State"), required=False)
    rule = forms.ChoiceField(label=_("Rule"), required=False)
    level = forms.ChoiceField(label=_("Level of risk"), required=False)

    def __init__(self, data: object = None) -> None:
        super().__init__(data)  # type: ignore[arg-type]  # a QueryDict
        tables = {"state": words.STATES, "rule": words.RULES, "level": words.LEVELS}
        for name, table in tables.items():
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)
            field.choices = [*_ALL, *((str(code), said) for code, said in table.items())]  # type: ignore[attr-defined]
            field.widget.attrs["class"] = "xl-select"

    def wanted(self, scope: Scope, before: int | None) -> Cases:
        given = self.cleaned_data
        return Cases(
            state=given.get("state") or "", rule=given.get("rule") or "", level=given.get("level") or "",
            before=before, scope=scope,
        )  # fmt: skip


class DecisionForm(forms.Form):
    """What became of an alert."""

    state = forms.ChoiceField(label=_("Verdict on the alert"), widget=forms.RadioSelect)
    reason = forms.CharField(
        label=_("What was found out"),
        max_length=2000,
        widget=forms.Textarea({"rows": 3, "class": "form-control"}),
        error_messages={"required": _("Say what was found out: it stays with the alert.")},
    )

    def __init__(self, now: State, data: object = None) -> None:
        super().__init__(data)  # type: ignore[arg-type]  # a QueryDict or None
        field = self.fields["state"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(str(state), said) for state, said in words.STATES.items() if state is not now]


class ComplaintForm(forms.Form):
    """What a resident complains about."""

    place = forms.IntegerField(required=False, min_value=1, widget=forms.HiddenInput)
    words = forms.CharField(
        label=_("What the resident complains about"),
        max_length=2000,
        widget=forms.Textarea({"rows": 3, "class": "form-control"}),
        error_messages={"required": _("Write down what the complaint is about.")},
    )

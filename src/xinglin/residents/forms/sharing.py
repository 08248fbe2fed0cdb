"""What is shown to others, and who may see what."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from xinglin.consent import rules as consents
from xinglin.consent.forms import kind_name
from xinglin.record.policy.consents import data_kinds
from xinglin.residents import choosing, shares
from xinglin.residents.forms.fields import CONTROL, PLAIN, SELECT, Plain
from xinglin.residents.shares import Scope

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date


class ShareForm(Plain):
    """How much is shown, for how long, how often."""

    scope = forms.ChoiceField(
        label=_("What is shown"),
        choices=[(Scope.SUMMARY.value, _("Summary")), (Scope.ALL.value, _("All but sensitive data"))],
        widget=forms.Select(SELECT),
    )
    minutes = forms.TypedChoiceField(label=_("For how long"), coerce=int, widget=forms.Select(SELECT))
    uses = forms.TypedChoiceField(label=_("How often"), coerce=int, widget=forms.Select(SELECT))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, say in (("minutes", _how_long), ("uses", _how_often)):
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)
            field.choices = [(one, say(one)) for one in shares.table()[name]]

    def wish(self) -> shares.Wish:
        """What was asked for, of a form that is valid."""
        given = self.cleaned_data
        return shares.Wish(Scope(given["scope"]), given["minutes"], given["uses"])


def _how_long(minutes: int) -> str:
    if minutes < 60:
        return ngettext("%(n)s minute", "%(n)s minutes", minutes) % {"n": minutes}
    hours = minutes // 60
    if hours < 24:
        return ngettext("%(n)s hour", "%(n)s hours", hours) % {"n": hours}
    return ngettext("%(n)s day", "%(n)s days", hours // 24) % {"n": hours // 24}


def _how_often(uses: int) -> str:
    if not uses:
        return gettext("Any number of times")
    return ngettext("%(n)s time", "%(n)s times", uses) % {"n": uses}


class PinForm(Plain):
    """The PIN that somebody was told."""

    pin = forms.CharField(
        label=_("PIN"),
        max_length=12,
        widget=forms.TextInput(
            CONTROL | PLAIN | {"inputmode": "numeric", "autocomplete": "one-time-code", "autofocus": True}
        ),
    )


class ChoiceForm(Plain):
    """Who may see which of one's data: nothing is chosen beforehand, so that nobody closes anything by haste."""

    act = forms.ChoiceField(
        label=_("What do you want?"),
        choices=[("deny", _("Close: they may not see it")), ("permit", _("Open: they may see it"))],
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose one of the two.")},
    )
    kinds = forms.MultipleChoiceField(
        label=_("Which data?"),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose at least one kind of data.")},
    )
    whom = forms.ChoiceField(
        label=_("For whom?"),
        choices=[
            ("everybody", _("All institutions")),
            ("these", _("Only the institutions that I tick")),
            ("others", _("All institutions but those that I tick")),
        ],
        widget=forms.RadioSelect,
        initial="everybody",
    )
    institutions = forms.MultipleChoiceField(
        label=_("Institutions that know you"), required=False, widget=forms.CheckboxSelectMultiple
    )
    until = forms.DateField(
        label=_("Until which day? Empty: until I take it back"),
        required=False,
        widget=forms.DateInput(CONTROL | {"type": "date"}, format="%Y-%m-%d"),
    )

    def __init__(
        self,
        data: Any = None,
        *,
        institutions: Sequence[consents.Reader],
        today: date,
        language: str,
    ) -> None:
        super().__init__(data)
        self._known, self._today = {one.reference: one for one in institutions}, today
        kinds, places = self.fields["kinds"], self.fields["institutions"]
        assert isinstance(kinds, forms.MultipleChoiceField)
        assert isinstance(places, forms.MultipleChoiceField)
        kinds.choices = [(kind.code, kind_name(kind)) for kind in data_kinds()]
        places.choices = [(one.reference, one.name) for one in institutions]
        self.explained = {kind.code: choosing.about(kind.code, language) for kind in data_kinds()}

    @property
    def boxes(self) -> list[tuple[Any, str]]:
        """The boxes of the kinds of data, each with what belongs to it."""
        return [(box, self.explained[str(box.data["value"])]) for box in self["kinds"]]

    def clean_until(self) -> date | None:
        until: date | None = self.cleaned_data["until"]
        if until and until < self._today:
            raise forms.ValidationError(gettext("The last day lies in the past."))
        return until

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        if given.get("whom") in {"these", "others"} and not given.get("institutions"):
            self.add_error("institutions", gettext("Tick at least one institution."))
        return given

    def wishes(self) -> list[consents.Wish]:
        """One decision for each kind of data, so that each can be taken back alone."""
        given = self.cleaned_data
        ticked = tuple(self._known[reference] for reference in given["institutions"])
        readers = ticked if given["whom"] == "these" else ()
        others = ticked if given["whom"] == "others" else ()
        return [
            consents.Wish(kind, given["act"] == "deny", readers, others, None, given["until"])
            for kind in data_kinds()
            if kind.code in given["kinds"]
        ]

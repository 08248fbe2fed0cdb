"""What is asked on the pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from xinglin.consent import queries
from xinglin.consent.rules import Wish
from xinglin.record.policy.consents import data_kinds
from xinglin.ui.language import is_chinese

if TYPE_CHECKING:
    from xinglin.consent.rules import Reader
    from xinglin.record.door import Door
    from xinglin.record.policy.consents import DataKind

_MOST_NAMED = 5


def kind_name(kind: DataKind) -> str:
    """A kind of data in the reader's language."""
    return kind.name_zh if is_chinese() else kind.name


class WishForm(forms.Form):
    """A decision: which data, closed or permitted, to whom, until when, and who witnessed it."""

    decision = forms.ChoiceField(
        label=_("The resident decides"),
        choices=[("deny", _("to close")), ("permit", _("to permit"))],
        widget=forms.RadioSelect,
        initial="deny",
    )
    kinds = forms.MultipleChoiceField(
        label=_("Which data"),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose at least one kind of data.")},
    )
    readers = forms.CharField(label=_("For whom"), required=False, max_length=200)
    others = forms.CharField(label=_("But not for"), required=False, max_length=200)
    since = forms.DateField(
        label=_("From day"), required=False, widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d")
    )
    until = forms.DateField(
        label=_("To day"), required=False, widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d")
    )
    witness = forms.CharField(
        label=_("Who witnessed it, and by which document"),
        max_length=200,
        error_messages={"required": _("Write down who witnessed the decision.")},
    )

    def __init__(self, door: Door, data: Any = None, *, own: bool) -> None:
        super().__init__(data)
        self._door = door
        kinds = self.fields["kinds"]
        assert isinstance(kinds, forms.MultipleChoiceField)
        kinds.choices = [(kind.code, kind_name(kind)) for kind in data_kinds()]
        if own:
            del self.fields["witness"]
        for name, field in self.fields.items():
            if name not in ("decision", "kinds"):
                field.widget.attrs["class"] = "form-control"
        for name in ("readers", "others"):
            self.fields[name].widget.attrs |= {"list": "xl-readers", "autocomplete": "off"}
        self.fields["readers"].widget.attrs["placeholder"] = gettext("Everybody")
        self.fields["others"].widget.attrs["placeholder"] = gettext("Nobody")

    def clean_readers(self) -> tuple[Reader, ...]:
        return self._named("readers")

    def clean_others(self) -> tuple[Reader, ...]:
        return self._named("others")

    def _named(self, field: str) -> tuple[Reader, ...]:
        """The readers whose names were typed, several with a comma between them."""
        found: list[Reader] = []
        for text in str(self.cleaned_data[field]).replace("，", ",").replace("、", ",").split(","):
            name = text.strip()
            if not name:
                continue
            called = queries.readers_called(self._door, name)
            if len(called) != 1:
                raise forms.ValidationError(_several(name, called))
            found += called
        return tuple(dict.fromkeys(found))

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        since, until = given.get("since"), given.get("until")
        if since and until and since > until:
            self.add_error("until", _("The last day lies before the first."))
        if given.get("readers") and set(given["readers"]) == set(given.get("others") or ()):
            self.add_error("others", _("These are the same as those it is for."))
        return given

    def wishes(self) -> list[Wish]:
        """One decision for each kind of data, so that each can be withdrawn alone."""
        given = self.cleaned_data
        return [
            Wish(
                kind,
                given["decision"] == "deny",
                given["readers"],
                given["others"],
                given["since"],
                given["until"],
            )
            for kind in data_kinds()
            if kind.code in given["kinds"]
        ]


def _several(name: str, called: list[Reader]) -> str:
    if not called:
        return gettext("The directory has no institution and no practitioner called %(name)s.") % {
            "name": name
        }
    known = ", ".join(f"{reader.name} ({reader.reference})" for reader in called[:_MOST_NAMED])
    return gettext("%(name)s may be several; write one of these references: %(known)s.") % {
        "name": name,
        "known": known,
    }


class ChangeForm(forms.Form):
    """That a decision is withdrawn or holds again."""

    act = forms.ChoiceField(choices=[("withdraw", ""), ("restore", "")])
    witness = forms.CharField(
        label=_("Who witnessed it, and by which document"),
        max_length=200,
        error_messages={"required": _("Write down who witnessed the decision.")},
    )

    def __init__(self, data: Any = None, *, own: bool) -> None:
        super().__init__(data)
        self.fields["witness"].widget.attrs["class"] = "form-control"
        if own:
            del self.fields["witness"]

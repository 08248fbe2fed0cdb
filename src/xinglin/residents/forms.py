"""What residents and clerks are asked, one form a question."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from xinglin.consent import rules as consents
from xinglin.consent.forms import kind_name
from xinglin.fhir.dates import LOCAL_ZONE
from xinglin.healthcard import codes
from xinglin.healthcard.reference import evidence, relations
from xinglin.record.policy.consents import data_kinds
from xinglin.residents import choosing, reminders, rules, shares, words
from xinglin.residents.reminders import Wish
from xinglin.residents.rules import Scope as Allows
from xinglin.residents.shares import Scope

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date, datetime

    from xinglin.residents.measuring import Kind

_CONTROL = {"class": "form-control"}
_SELECT = {"class": "form-select"}
_CHECK = {"class": "form-check-input"}
_PLAIN = {"autocomplete": "off", "spellcheck": "false"}


class _Plain(forms.Form):
    """Fields with labels as the pages draw them."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("label_suffix", "")
        super().__init__(*args, **kwargs)


def _phone(text: str) -> str:
    found = rules.phone_of(text)
    if found is None:
        raise forms.ValidationError(gettext("This is no mobile number: it has 11 digits and begins with 1."))
    return found


class PhoneForm(_Plain):
    """The phone that a code is sent to."""

    phone = forms.CharField(
        label=_("Mobile number"),
        max_length=20,
        widget=forms.TextInput(_CONTROL | {"autocomplete": "tel", "inputmode": "tel", "autofocus": True}),
    )

    def clean_phone(self) -> str:
        return _phone(self.cleaned_data["phone"])


class CardForm(_Plain):
    """The number of a health card, printed on it or read from its code."""

    card = forms.CharField(
        label=_("Number of the health card"),
        max_length=120,
        widget=forms.TextInput(_CONTROL | _PLAIN),
    )

    def clean_card(self) -> str:
        """The number in small letters, also from the printed code."""
        number = codes.presented(self.cleaned_data["card"]).number
        if number is None:
            raise forms.ValidationError(gettext("This is no card number: it has 64 letters and digits."))
        return number


class CodeForm(_Plain):
    """The code that was sent."""

    code = forms.CharField(
        label=_("Code from the text message"),
        max_length=12,
        widget=forms.TextInput(
            _CONTROL | {"autocomplete": "one-time-code", "inputmode": "numeric", "autofocus": True}
        ),
    )


class NameForm(_Plain):
    """Who it is: name and identity number as on the document."""

    name = forms.CharField(
        label=_("Name as on the document"),
        max_length=60,
        widget=forms.TextInput(_CONTROL | {"autocomplete": "name"}),
    )
    document = forms.CharField(
        label=_("Identity number"), max_length=24, widget=forms.TextInput(_CONTROL | _PLAIN)
    )


class SignUpForm(NameForm):
    agreed = forms.BooleanField(
        label=_("I want an account of my own, and have read how my data are used."),
        widget=forms.CheckboxInput(_CHECK),
        error_messages={"required": _("Without your consent no account is opened.")},
    )


class BindForm(NameForm):
    """A clerk who has seen the document binds an account."""

    phone = forms.CharField(
        label=_("Mobile number"),
        max_length=20,
        widget=forms.TextInput(_CONTROL | {"inputmode": "tel"} | _PLAIN),
    )
    seen = forms.BooleanField(
        label=_("I have seen the document, and the person is who it shows."),
        widget=forms.CheckboxInput(_CHECK),
    )

    def clean_phone(self) -> str:
        return _phone(self.cleaned_data["phone"])


class AskForm(NameForm):
    """For whom somebody wants to act, as what, and the evidence."""

    relation = forms.ChoiceField(label=_("I am this person's"), widget=forms.Select(_SELECT))
    evidence = forms.ChoiceField(label=_("Proof of the relation"), widget=forms.Select(_SELECT))
    until = forms.DateField(
        label=_("Last day (may be left empty)"),
        required=False,
        widget=forms.DateInput(_CONTROL | {"type": "date"}, format="%Y-%m-%d"),
    )
    file = forms.FileField(
        label=_("Photograph or PDF of the evidence"),
        widget=forms.FileInput(_CONTROL | {"accept": "image/jpeg,image/png,application/pdf"}),
        allow_empty_file=True,
    )
    field_order = ("relation", "name", "document", "evidence", "file", "until")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, given in (
            ("relation", [(code, words.relation(code)) for code in rules.relations()]),
            ("evidence", [(code, words.proof(code)) for code in evidence()]),
        ):
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)
            field.choices = [("", "—"), *given]

    def clean_file(self) -> Any:
        """Not a file that is too large to be read at all."""
        given, most = self.cleaned_data["file"], rules.family().most_bytes
        if given.size > most:
            said = gettext("The file is too large: at most %(most)s MB.") % {"most": most // 1_048_576}
            raise forms.ValidationError(said)
        return given

    def clean(self) -> dict[str, Any]:
        """Say which evidence proves the relation."""
        given: dict[str, Any] = super().clean() or {}
        known = relations().get(given.get("relation", ""))
        if known is not None and given.get("evidence") and given["evidence"] not in known.evidence:
            said = gettext("This relation is proved by one of these: %(known)s.")
            self.add_error("evidence", said % {"known": "、".join(map(words.proof, known.evidence))})
        return given


class InviteForm(_Plain):
    """Whom a person lets see or act, and until which day."""

    relation = forms.ChoiceField(label=_("The other is my"), widget=forms.Select(_SELECT))
    scope = forms.ChoiceField(
        label=_("What they may do"),
        choices=[
            (Allows.SEE.value, _("See my record, and change nothing")),
            (Allows.ACT.value, _("See my record and act for me")),
        ],
        widget=forms.RadioSelect,
        initial=Allows.SEE.value,
    )
    until = forms.DateField(
        label=_("Last day"), widget=forms.DateInput(_CONTROL | {"type": "date"}, format="%Y-%m-%d")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["relation"]
        assert isinstance(field, forms.ChoiceField)
        # what the other is to this person is what the authority says: a daughter acts as "child"
        field.choices = [("", "—"), *((code, words.relation(code)) for code in rules.mandated())]


class ApproveForm(_Plain):
    """What the clerk has seen."""

    reference = forms.CharField(
        label=_("Number of the evidence, or where its copy is kept"),
        max_length=200,
        widget=forms.TextInput(_CONTROL | _PLAIN),
    )
    consent = forms.BooleanField(
        label=_("The person was here or has signed, and agrees (grown-up holders)"),
        required=False,
        widget=forms.CheckboxInput(_CHECK),
    )


class RefuseForm(_Plain):
    reason = forms.CharField(
        label=_("Why (the resident reads it)"), max_length=500, widget=forms.Textarea(_CONTROL | {"rows": 2})
    )


class KioskForm(_Plain):
    """A kiosk's number and a scanned card."""

    number = forms.CharField(
        label=_("Number on the kiosk"), max_length=12, widget=forms.TextInput(_CONTROL | _PLAIN)
    )
    code = forms.CharField(
        label=_("Code of the resident's card, scanned"),
        max_length=600,
        widget=forms.TextInput(_CONTROL | _PLAIN),
    )


class ReminderForm(_Plain):
    """Which medicine, how it is taken, at which hours, until when."""

    medicine = forms.CharField(label=_("Medicine"), max_length=80, widget=forms.TextInput(_CONTROL | _PLAIN))
    how = forms.CharField(
        label=_("How it is taken (may be left empty)"),
        max_length=200,
        required=False,
        widget=forms.TextInput(_CONTROL | _PLAIN),
    )
    until = forms.DateField(
        label=_("Last day (may be left empty)"),
        required=False,
        widget=forms.DateInput(_CONTROL | {"type": "date"}, format="%Y-%m-%d"),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for number in range(1, reminders.most_times() + 1):
            label = gettext("Time %(number)s") % {"number": number}
            asked = forms.TimeInput(_CONTROL | {"type": "time", "aria-label": label}, format="%H:%M")
            self.fields[f"time{number}"] = forms.TimeField(label=label, required=False, widget=asked)

    def hours(self) -> list[forms.BoundField]:
        """The fields of the hours."""
        return [self[f"time{number}"] for number in range(1, reminders.most_times() + 1)]

    def wish(self) -> Wish:
        """What was asked for, of a form that is valid."""
        given = self.cleaned_data
        times = [given[f"time{number}"] for number in range(1, reminders.most_times() + 1)]
        said = tuple(one.strftime("%H:%M") for one in times if one is not None)
        return Wish(given["medicine"], given["how"], said, given["until"])


class MeasurementForm(_Plain):
    """The figures of one kind of measurement, and when it was where that is not now."""

    moment = forms.DateTimeField(
        label=_("When it was measured"),
        required=False,
        widget=forms.DateTimeInput(_CONTROL | {"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        input_formats=["%Y-%m-%dT%H:%M"],
    )

    def __init__(self, of: Kind, language: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.of = of
        for value in of.values:
            asked = {
                "inputmode": "decimal" if value.decimals else "numeric",
                "autocomplete": "off",
                "min": value.text(value.least),
                "max": value.text(value.most),
                "step": "1" if value.decimals == 0 else "0.1",
            }
            said = {"min_value": gettext("Too small to be right: measure or type it again.")}
            said["max_value"] = gettext("Too great to be right: measure or type it again.")
            said["invalid"] = gettext("Type a figure.")
            self.fields[value.code] = forms.FloatField(
                label=f"{value.name(language)} ({value.unit_in(language)})",
                min_value=value.least,
                max_value=value.most,
                error_messages=said,
                widget=forms.TextInput(_CONTROL | asked),
            )

    def asked(self) -> list[forms.BoundField]:
        """The fields of the figures."""
        return [self[value.code] for value in self.of.values]

    def figures(self) -> dict[str, float]:
        """By the code of the value."""
        return {value.code: self.cleaned_data[value.code] for value in self.of.values}

    def at(self, now: datetime) -> datetime:
        """When it was measured: here, by this country's clock."""
        given: datetime | None = self.cleaned_data["moment"]
        return now if given is None else given.replace(tzinfo=LOCAL_ZONE)


class ShareForm(_Plain):
    """How much is shown, for how long, how often."""

    scope = forms.ChoiceField(
        label=_("What is shown"),
        choices=[(Scope.SUMMARY.value, _("Summary")), (Scope.ALL.value, _("All but sensitive data"))],
        widget=forms.Select(_SELECT),
    )
    minutes = forms.TypedChoiceField(label=_("For how long"), coerce=int, widget=forms.Select(_SELECT))
    uses = forms.TypedChoiceField(label=_("How often"), coerce=int, widget=forms.Select(_SELECT))

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


class PinForm(_Plain):
    """The PIN that somebody was told."""

    pin = forms.CharField(
        label=_("PIN"),
        max_length=12,
        widget=forms.TextInput(
            _CONTROL | _PLAIN | {"inputmode": "numeric", "autocomplete": "one-time-code", "autofocus": True}
        ),
    )


class SelfTestForm(_Plain):
    """The questions of a self-test; the sex is the record's."""

    def __init__(self, of: Mapping[str, Any], language: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for item in of["item"]:
            if item["kind"] == "choice":
                options = [
                    (str(i), one[1 if language == "zh" else 2]) for i, one in enumerate(item["options"])
                ]
                self.fields[item["code"]] = forms.ChoiceField(
                    label=item[language], choices=[("", "—"), *options], widget=forms.Select(_SELECT)
                )
            elif item["kind"] == "number":
                unit = item["unit" if language == "zh" else "unit_en"]
                asked = _CONTROL | {
                    "inputmode": "decimal" if item["decimals"] else "numeric",
                    "autocomplete": "off",
                }
                self.fields[item["code"]] = forms.FloatField(
                    label=f"{item[language]} ({unit})",
                    min_value=item["least"],
                    max_value=item["most"],
                    widget=forms.TextInput(asked),
                )

    def answers(self) -> dict[str, float]:
        """By the code of the question; a choice by the place of its option."""
        return {code: float(answer) for code, answer in self.cleaned_data.items()}


class ChoiceForm(_Plain):
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
        widget=forms.DateInput(_CONTROL | {"type": "date"}, format="%Y-%m-%d"),
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

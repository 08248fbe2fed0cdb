"""What is asked on the exchange's pages."""

from __future__ import annotations

import re
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext_lazy as _

from xinglin.exchange import profiles, words
from xinglin.exchange.doors import Door
from xinglin.exchange.queries import Wanted
from xinglin.exchange.receipts import State
from xinglin.exchange.senders import Details
from xinglin.fhir.dates import LOCAL_ZONE

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from pathlib import Path

    from xinglin.exchange.senders import Registered

_ALL = [("", _("All"))]


class MessagesForm(forms.Form):
    """Which messages."""

    sender = forms.ChoiceField(label=_("Sender"), required=False)
    door = forms.ChoiceField(label=_("Door"), required=False)
    state = forms.ChoiceField(label=_("State"), required=False)
    code = forms.ChoiceField(label=_("Reason"), required=False)
    kind = forms.CharField(label=_("Kind of message"), required=False, max_length=100, strip=True)
    control = forms.CharField(label=_("Message's own number"), required=False, max_length=200, strip=True)
    since = forms.DateField(label=_("From day"), required=False, widget=forms.DateInput({"type": "date"}))
    until = forms.DateField(label=_("To day"), required=False, widget=forms.DateInput({"type": "date"}))

    def __init__(self, data: Any, senders: Sequence[Registered], *, state: State | None = None) -> None:
        super().__init__(data)
        self.only = state
        self._choices("sender", [(str(one.id), f"{one.name} ({one.code})") for one in senders])
        self._choices("door", [(door.value, said) for door, said in words.DOORS.items()])
        self._choices("code", list(words.CODES.items()))
        if state is None:
            self._choices("state", [(one.value, said) for one, said in words.STATES.items()])
        else:
            del self.fields["state"]
        for field in self.fields.values():
            selecting = isinstance(field, forms.ChoiceField)
            field.widget.attrs["class"] = "xl-select" if selecting else "form-control"
        self.fields["kind"].widget.attrs["placeholder"] = "ORU^R01"

    def _choices(self, name: str, choices: Sequence[tuple[str, Any]]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [*_ALL, *choices]

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        if given.get("since") and given.get("until") and given["since"] > given["until"]:
            self.add_error("until", _("The last day lies before the first."))
        return given

    def wanted(self, only: Collection[int] | None, before: int | None = None) -> Wanted:
        """The question; what was typed wrongly is left out."""
        given = self.cleaned_data if self.is_bound else {}
        since, until = given.get("since"), given.get("until")
        state = self.only or (State(given["state"]) if given.get("state") else None)
        return Wanted(
            state=state,
            sender=int(given["sender"]) if given.get("sender") else None,
            door=given.get("door") or "",
            kind=given.get("kind") or "",
            code=given.get("code") or "",
            control=given.get("control") or "",
            since=datetime.combine(since, time.min, LOCAL_ZONE) if since else None,
            until=datetime.combine(until + timedelta(days=1), time.min, LOCAL_ZONE) if until else None,
            before=before,
            senders=only,
        )


class EditForm(forms.Form):
    """The raw text of a message, and why it is changed."""

    text = forms.CharField(
        label=_("The message"),
        widget=forms.Textarea(
            {"rows": 18, "class": "form-control xl-exchange-raw", "spellcheck": "false", "wrap": "off"}
        ),
        strip=False,
        error_messages={"required": _("A message cannot be empty; discard it instead.")},
    )
    note = forms.CharField(
        label=_("Why it is changed"),
        max_length=1000,
        widget=forms.TextInput({"class": "form-control"}),
        error_messages={"required": _("Say why the message was edited: it stays with it.")},
    )
    version = forms.IntegerField(widget=forms.HiddenInput)


class DiscardForm(forms.Form):
    """Why a message is not wanted."""

    note = forms.CharField(
        label=_("Why it is not wanted"),
        max_length=1000,
        widget=forms.TextInput({"class": "form-control"}),
        error_messages={"required": _("Say why the message is not wanted: it stays with it.")},
    )


class SenderForm(forms.Form):
    """A sender's details; its code only when it is registered."""

    code = forms.CharField(label=_("Code"), max_length=16, strip=True)
    name = forms.CharField(label=_("Name of the sender"), max_length=200, strip=True)
    organization = forms.CharField(
        label=_("Institution (id in the directory)"), max_length=64, required=False, strip=True
    )
    doors = forms.MultipleChoiceField(
        label=_("Doors"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        choices=list(words.DOORS.items()),
    )
    charset = forms.CharField(
        label=_("Character set, if messages do not say it"), max_length=20, required=False, strip=True
    )
    profile = forms.CharField(
        label=_("Profile or mappings of its own"), max_length=40, required=False, strip=True
    )
    networks = forms.CharField(
        label=_("Addresses and networks it sends from, one a line"),
        required=False,
        widget=forms.Textarea({"rows": 3}),
    )
    application = forms.CharField(
        label=_("Sending application (MSH-3)"), max_length=200, required=False, strip=True
    )
    facility = forms.CharField(
        label=_("Sending facility (MSH-4)"), max_length=200, required=False, strip=True
    )
    certificate = forms.CharField(
        label=_("Client certificate (SHA-256)"), max_length=120, required=False, strip=True
    )

    def __init__(
        self, data: Any = None, *, known: Registered | None = None, home: Path | None = None
    ) -> None:
        initial = None
        if known is not None:
            named = ("name", "organization", "charset", "profile", "application", "facility", "certificate")
            initial = {name: getattr(known, name) for name in named}
            initial |= {"doors": list(known.doors), "networks": "\n".join(known.networks)}
        super().__init__(data, initial=initial)
        if known is not None:
            del self.fields["code"]
        for name, field in self.fields.items():
            if name != "doors":
                field.widget.attrs["class"] = "form-control"
        self.fields["charset"].widget.attrs["placeholder"] = "gbk"
        self.fields["networks"].widget.attrs["placeholder"] = "10.20.0.0/16"
        self.profiles = profiles.keys(home) if home is not None else []
        self.fields["profile"].widget.attrs["list"] = "profiles"
        self.fields["organization"].widget.attrs["list"] = "institutions"

    def details(self) -> Details:
        given = self.cleaned_data
        return Details(
            name=given["name"],
            organization=given["organization"],
            doors=[Door(door) for door in given["doors"]],
            charset=given["charset"],
            profile=given["profile"],
            application=given["application"],
            facility=given["facility"],
            networks=[text for text in re.split(r"[\s,;，；]+", given["networks"]) if text],
            certificate=given["certificate"],
        )

    def take(self, fault_expression: str | None, text: str) -> None:
        """Show a fault at the field that it is about."""
        self.add_error(fault_expression if fault_expression in self.fields else None, text)

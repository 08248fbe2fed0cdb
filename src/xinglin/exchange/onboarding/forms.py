"""What is asked when an onboarding begins and when samples are handed in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext_lazy as _

from xinglin.exchange import words
from xinglin.exchange.doors import Door
from xinglin.exchange.onboarding.actions import Begun
from xinglin.exchange.onboarding.samples import NAMES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xinglin.exchange.onboarding.points import Scheme

_DOORS = tuple(dict.fromkeys(NAMES.values()))


class BeginForm(forms.Form):
    """Which system, and at which door. The set of kinds is ``door:key``, so that one choice says both."""

    sender = forms.CharField(label=_("Code of the sender"), max_length=16, strip=True)
    name = forms.CharField(label=_("Name of the sender"), max_length=200, strip=True)
    organization = forms.CharField(
        label=_("Institution (id in the directory)"), max_length=64, required=False, strip=True
    )
    what = forms.ChoiceField(label=_("Door, and what it will send"))
    charset = forms.CharField(
        label=_("Character set, if messages do not say it"), max_length=20, required=False, strip=True
    )
    profile = forms.CharField(
        label=_("Profile or mappings of its own"), max_length=40, required=False, strip=True
    )
    contact = forms.CharField(label=_("Vendor and contact"), max_length=200, required=False, strip=True)

    def __init__(self, data: Any, scheme: Scheme, *, organization: str = "") -> None:
        super().__init__(data)
        if organization:
            del self.fields["organization"]
        self.own = organization
        field = self.fields["what"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [
            (str(words.DOORS[door]), [(f"{door.value}:{one.key}", one.title) for one in scheme.sets_of(door.value)])
            for door in _DOORS
        ]  # fmt: skip
        for name, each in self.fields.items():
            each.widget.attrs["class"] = "xl-select" if name == "what" else "form-control"
        self.fields["charset"].widget.attrs["placeholder"] = "gbk"
        if not organization:
            self.fields["organization"].widget.attrs["list"] = "institutions"

    def said(self) -> Begun:
        given = self.cleaned_data
        door, _colon, kinds = given["what"].partition(":")
        return Begun(
            given["sender"], given["name"], Door(door), kinds,
            self.own or given.get("organization", "").removeprefix("Organization/"), given["charset"],
            given["profile"], given["contact"],
        )  # fmt: skip

    def take(self, expression: str | None, text: str) -> None:
        """Show a fault at the field that it is about."""
        name = {"code": "sender"}.get(expression or "", expression)
        self.add_error(name if name in self.fields else None, text)


class StopForm(forms.Form):
    """Why an onboarding is given up."""

    note = forms.CharField(
        label=_("Why it is stopped"),
        max_length=1000,
        widget=forms.TextInput({"class": "form-control"}),
        error_messages={"required": _("Say why it is stopped: it stays with it.")},
    )


def files_of(pasted: str, uploads: Sequence[Any]) -> list[tuple[str, bytes]]:
    """What was handed in: files by their names, and what was pasted."""
    found = [(str(one.name)[:150], one.read()) for one in uploads]
    if pasted.strip():
        found.append((str(_("Pasted")), pasted.encode()))
    return found

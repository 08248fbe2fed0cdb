"""What is asked of an app that is to be registered."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext_lazy as _

from xinglin.smart import words
from xinglin.smart.ehrs import Draft as EhrDraft
from xinglin.smart.registering import Draft
from xinglin.smart.rules import Kind

if TYPE_CHECKING:
    from xinglin.accounts.models import Account
    from xinglin.smart.models import App, Ehr

KEY_WAY, SECRET_WAY = "key", "secret"
_CONTROL = {"class": "form-control", "autocomplete": "off"}
_CODE = _CONTROL | {"spellcheck": "false", "rows": 4, "class": "form-control xl-smart-code"}


class _Placed(forms.Form):
    """Something of an institution: who manages within one registers for that one alone, and is not asked which."""

    def _keep_within(self, manager: Account) -> None:
        self._manager = manager
        if manager.institution_id:
            del self.fields["institution_id"], self.fields["institution_name"]

    def _place(self) -> dict[str, str]:
        manager, given = self._manager, self.cleaned_data
        if manager.institution_id:
            return {"institution_id": manager.institution_id, "institution_name": manager.institution_name}
        return {name: given[name] for name in ("institution_id", "institution_name")}


class AppForm(_Placed):
    """An app, new or changed. Lists have a line for each."""

    name = forms.CharField(label=_("Name of the app"), max_length=120, widget=forms.TextInput(_CONTROL))
    about = forms.CharField(
        label=_("What it is for, in a sentence for those who allow it"), max_length=300, required=False,
        widget=forms.TextInput(_CONTROL),
    )  # fmt: skip
    kind = forms.ChoiceField(
        label=_("Where it runs"), choices=[(k.value, name) for k, name in words.KINDS.items()],
        widget=forms.Select({"class": "form-select"}),
    )  # fmt: skip
    redirects = forms.CharField(
        label=_("Addresses it may be sent back to, a line for each, exactly"), max_length=8000, required=False,
        widget=forms.Textarea(_CODE),
    )  # fmt: skip
    launch_url = forms.CharField(
        label=_("Address to open it from a resident's record"), max_length=500, required=False,
        widget=forms.TextInput(_CONTROL | {"spellcheck": "false"}),
    )  # fmt: skip
    scopes = forms.CharField(
        label=_("Scopes it may ask for, a line for each"),
        max_length=8000,
        widget=forms.Textarea(_CODE | {"rows": 6}),
    )
    jwks = forms.CharField(
        label=_("Its public keys (JWK set), if it has a key of its own"), max_length=40_000, required=False,
        widget=forms.Textarea(_CODE),
    )  # fmt: skip
    jwks_url = forms.CharField(
        label=_("Or the address of its public keys"), max_length=500, required=False,
        widget=forms.TextInput(_CONTROL | {"spellcheck": "false"}),
    )  # fmt: skip
    institution_id = forms.CharField(
        label=_("Institution's id; empty for the whole region"), max_length=64, required=False,
        widget=forms.TextInput(_CONTROL),
    )  # fmt: skip
    institution_name = forms.CharField(
        label=_("Institution's name"), max_length=200, required=False, widget=forms.TextInput(_CONTROL)
    )

    def __init__(self, manager: Account, app: App | None, data: object = None) -> None:
        super().__init__(data, initial=_initial(app) if app else {"kind": Kind.PUBLIC.value})  # type: ignore[arg-type]
        self._keep_within(manager)
        if app is not None:
            self.fields["kind"].disabled = True

    def draft(self) -> Draft:
        """What was typed, as an app."""
        given = self.cleaned_data
        return Draft(
            name=given["name"], about=given["about"], kind=given["kind"], redirects=_lines(given["redirects"]),
            launch_url=given["launch_url"], scopes=tuple(given["scopes"].split()), jwks=given["jwks"],
            jwks_url=given["jwks_url"],
            **self._place(),
        )  # fmt: skip


class EhrForm(_Placed):
    """A system that opens the record browser, new or changed."""

    key = forms.SlugField(
        label=_("Short name, part of the address that it sends back to; it stays"), max_length=40,
        widget=forms.TextInput(_CONTROL | {"spellcheck": "false"}),
    )  # fmt: skip
    name = forms.CharField(label=_("Name of the system"), max_length=120, widget=forms.TextInput(_CONTROL))
    issuer = forms.CharField(
        label=_("Address of its FHIR interface (iss)"), max_length=300,
        widget=forms.TextInput(_CONTROL | {"spellcheck": "false"}),
    )  # fmt: skip
    client_id = forms.CharField(
        label=_("Client id that it has given the record browser; empty until it has"), max_length=200, required=False,
        widget=forms.TextInput(_CONTROL | {"spellcheck": "false"}),
    )  # fmt: skip
    way = forms.ChoiceField(
        label=_("How the platform shows who it is"),
        choices=[(KEY_WAY, _("By its own key")), (SECRET_WAY, _("By a secret that the system has given"))],
        widget=forms.Select({"class": "form-select"}),
    )
    secret = forms.CharField(
        label=_("Secret that it has given; empty leaves what there is"), max_length=500, required=False,
        widget=forms.PasswordInput(_CONTROL | {"autocomplete": "new-password"}),
    )  # fmt: skip
    matching = forms.ChoiceField(
        label=_("How its doctors are known here"),
        choices=[(m.value, name) for m, name in words.MATCHING.items()],
        widget=forms.Select({"class": "form-select"}),
    )
    linking = forms.ChoiceField(
        label=_("Who links them"),
        choices=[
            ("yes", _("Administrators, and doctors by signing in once")),
            ("no", _("Administrators alone")),
        ],
        widget=forms.Select({"class": "form-select"}),
    )
    institution_id = forms.CharField(
        label=_("Institution's id"), max_length=64, required=False, widget=forms.TextInput(_CONTROL)
    )
    institution_name = forms.CharField(
        label=_("Institution's name"), max_length=200, required=False, widget=forms.TextInput(_CONTROL)
    )

    def __init__(self, manager: Account, ehr: Ehr | None, data: object = None) -> None:
        super().__init__(data, initial=_initial_ehr(ehr) if ehr else {"way": KEY_WAY, "linking": "yes"})  # type: ignore[arg-type]
        self._keep_within(manager)
        self._ehr = ehr
        if ehr is not None:
            self.fields["key"].disabled = True

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        has = bool(given.get("secret")) or bool(self._ehr and self._ehr.secret)
        if given.get("way") == SECRET_WAY and not has:
            self.add_error("secret", _("Enter the secret that the system has given."))
        return given

    def draft(self) -> EhrDraft:
        """What was typed, as a system."""
        given = self.cleaned_data
        return EhrDraft(
            key=given["key"], name=given["name"], issuer=given["issuer"], client_id=given["client_id"].strip(),
            secret="" if given["way"] == KEY_WAY else given["secret"] or None, matching=given["matching"],
            linking=given["linking"] == "yes",
            **self._place(),
        )  # fmt: skip


def _initial_ehr(ehr: Ehr) -> dict[str, Any]:
    return {
        "key": ehr.key, "name": ehr.name, "issuer": ehr.issuer, "client_id": ehr.client_id,
        "way": SECRET_WAY if ehr.secret else KEY_WAY, "matching": ehr.matching,
        "linking": "yes" if ehr.linking else "no", "institution_id": ehr.institution_id,
        "institution_name": ehr.institution_name,
    }  # fmt: skip


def _lines(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(line.strip() for line in text.splitlines() if line.strip()))


def _initial(app: App) -> dict[str, Any]:
    return {
        "name": app.name, "about": app.about, "kind": app.kind, "redirects": "\n".join(app.redirects),
        "launch_url": app.launch_url, "scopes": "\n".join(app.scopes), "jwks_url": app.jwks_url,
        "jwks": json.dumps(app.jwks, indent=1) if app.jwks else "", "institution_id": app.institution_id,
        "institution_name": app.institution_name,
    }  # fmt: skip

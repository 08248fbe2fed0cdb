"""Acting for others: asked for, decided at a desk, or offered by the person."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from xinglin.healthcard.reference import evidence, relations
from xinglin.residents import rules, words
from xinglin.residents.forms.entering import NameForm
from xinglin.residents.forms.fields import CHECK, CONTROL, PLAIN, SELECT, Plain
from xinglin.residents.rules import Scope as Allows


class AskForm(NameForm):
    """For whom somebody wants to act, as what, and the evidence."""

    relation = forms.ChoiceField(label=_("I am this person's"), widget=forms.Select(SELECT))
    evidence = forms.ChoiceField(label=_("Proof of the relation"), widget=forms.Select(SELECT))
    until = forms.DateField(
        label=_("Last day (may be left empty)"),
        required=False,
        widget=forms.DateInput(CONTROL | {"type": "date"}, format="%Y-%m-%d"),
    )
    file = forms.FileField(
        label=_("Photograph or PDF of the evidence"),
        widget=forms.FileInput(CONTROL | {"accept": "image/jpeg,image/png,application/pdf"}),
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


class InviteForm(Plain):
    """Whom a person lets see or act, and until which day."""

    relation = forms.ChoiceField(label=_("The other is my"), widget=forms.Select(SELECT))
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
        label=_("Last day"), widget=forms.DateInput(CONTROL | {"type": "date"}, format="%Y-%m-%d")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("auto_id", "invite_%s")  # another form on the page has fields of these names
        super().__init__(*args, **kwargs)
        field = self.fields["relation"]
        assert isinstance(field, forms.ChoiceField)
        # what the other is to this person is what the authority says: a daughter acts as "child"
        field.choices = [("", "—"), *((code, words.relation(code)) for code in rules.mandated())]


class ApproveForm(Plain):
    """What the clerk has seen."""

    reference = forms.CharField(
        label=_("Number of the evidence, or where its copy is kept"),
        max_length=200,
        widget=forms.TextInput(CONTROL | PLAIN),
    )
    consent = forms.BooleanField(
        label=_("The person was here or has signed, and agrees (grown-up holders)"),
        required=False,
        widget=forms.CheckboxInput(CHECK),
    )


class RefuseForm(Plain):
    reason = forms.CharField(
        label=_("Why (the resident reads it)"), max_length=500, widget=forms.Textarea(CONTROL | {"rows": 2})
    )

"""What is asked on the pages: a rule, a step of a problem."""

from __future__ import annotations

import json
import re
import tomllib
from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from xinglin.accounts.models import Account
from xinglin.quality import checks, rules, words
from xinglin.quality.columns import TABLES
from xinglin.quality.rules import CONFIDENCES, Dimension, Severity
from xinglin.quality.states import Verb

if TYPE_CHECKING:
    from collections.abc import Mapping

    from xinglin.quality.rules import Rule
    from xinglin.quality.states import Step

_BARE = re.compile(r"[A-Za-z0-9_-]+")


def as_toml(value: Mapping[str, Any]) -> str:
    """``params`` and ``where`` as lines of TOML."""
    return "\n".join(f"{_key(name)} = {_value(one)}" for name, one in value.items())


def _key(name: str) -> str:
    return name if _BARE.fullmatch(name) else json.dumps(name, ensure_ascii=False)


def _value(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_key(name)} = {_value(one)}" for name, one in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_value, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


class TomlField(forms.CharField):
    """Lines of TOML; what is wrong is said with line and column."""

    widget = forms.Textarea

    def clean(self, value: Any) -> Any:
        text = str(super().clean(value) or "")
        try:
            return tomllib.loads(text)
        except tomllib.TOMLDecodeError as wrong:
            raise forms.ValidationError(gettext("This is no TOML: %(why)s") % {"why": wrong}) from None


class RuleForm(forms.Form):
    """All fields of a rule."""

    id = forms.CharField(label=_("Rule number"), max_length=24, strip=True)
    title_zh = forms.CharField(label=_("Title in Chinese"), max_length=120, strip=True)
    title = forms.CharField(label=_("Title in English"), max_length=160, strip=True, required=False)
    dimension = forms.ChoiceField(label=_("Dimension"))
    table = forms.ChoiceField(label=_("Flat table"))
    check = forms.ChoiceField(label=_("Type of check"))
    params = TomlField(label=_("Parameters (TOML)"), required=False, max_length=8000)
    where = TomlField(label=_("Asked of which rows (TOML)"), required=False, max_length=8000)
    severity = forms.ChoiceField(label=_("Severity"))
    weight = forms.FloatField(label=_("Weight"), min_value=0, max_value=100)
    threshold = forms.FloatField(label=_("A problem from this share on"), min_value=0, max_value=1)
    owner = forms.ChoiceField(label=_("Owner role"))
    arrival = forms.BooleanField(label=_("Also asked when a row arrives"), required=False)
    standard = forms.CharField(label=_("Standard"), max_length=200, strip=True, required=False)
    effective = forms.DateField(
        label=_("Effective from"), widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d")
    )
    source = forms.CharField(label=_("Source"), max_length=300, strip=True)
    confidence = forms.ChoiceField(label=_("Confidence"))
    words = forms.CharField(label=_("Why it is changed"), max_length=400, strip=True, required=False)

    def __init__(self, data: object = None, rule: Rule | None = None) -> None:
        first = _initial(rule) if rule else {"weight": 1, "threshold": 0.05, "severity": "medium"}
        super().__init__(data, initial=first)  # type: ignore[arg-type]  # a QueryDict or None
        choices: dict[str, list[tuple[str, Any]]] = {
            "dimension": [(str(one), words.DIMENSIONS[one]) for one in Dimension],
            "table": [(name, words.said(words.TABLES, name)) for name in TABLES],
            "check": [(name, f"{name} · {gettext(one.says)}") for name, one in checks.TYPES.items()],
            "severity": [(str(one), words.SEVERITIES[one]) for one in Severity],
            "owner": list(words.ROLES.items()),
            "confidence": [(one, words.CONFIDENCES[one]) for one in CONFIDENCES],
        }
        for name, field in self.fields.items():
            if isinstance(field, forms.ChoiceField):
                field.choices = choices[name]
                field.widget.attrs["class"] = "xl-select"
            elif not isinstance(field, forms.BooleanField):
                field.widget.attrs["class"] = "form-control"
        for name in ("params", "where"):
            self.fields[name].widget.attrs |= {"rows": 5, "spellcheck": "false"}
        if rule is not None:
            self.fields["id"].widget.attrs["readonly"] = True

    def rule(self) -> Rule:
        """The rule that was asked for; raises ``invalid`` where its parts do not fit together."""
        given = {name: value for name, value in self.cleaned_data.items() if name != "words"}
        given["title"] = given["title"] or given["title_zh"]
        return rules.read_one(given)


def _initial(rule: Rule) -> dict[str, Any]:
    return rule.as_data() | {
        "params": as_toml(rule.params),
        "where": as_toml(rule.where),
        "effective": rule.effective,
    }


class StepForm(forms.Form):
    """A step of a problem: words, and for issuing an owner and a deadline."""

    verb = forms.ChoiceField(widget=forms.HiddenInput)
    words = forms.CharField(
        label=_("What was found or done"), max_length=2000, required=False, strip=True,
        widget=forms.Textarea({"rows": 2, "class": "form-control"}),
    )  # fmt: skip
    owner = forms.ChoiceField(label=_("Owner"), required=False)
    due = forms.DateField(
        label=_("Deadline"), required=False,
        widget=forms.DateInput({"type": "date", "class": "form-control"}, format="%Y-%m-%d"),
    )  # fmt: skip

    def __init__(
        self, step: Step | None, owners: list[tuple[str, str]], data: object = None, **more: Any
    ) -> None:
        verb = step.verb if step else Verb.NOTE
        super().__init__(data, initial={"verb": verb, **more}, prefix=None, auto_id=f"id_{verb}_%s")  # type: ignore[arg-type]  # a QueryDict or None
        chosen = self.fields["verb"]
        assert isinstance(chosen, forms.ChoiceField)
        chosen.choices = [(str(one), str(one)) for one in Verb]
        owner = self.fields["owner"]
        assert isinstance(owner, forms.ChoiceField)
        owner.choices = [("", gettext("Whoever has the role")), *owners]
        owner.widget.attrs["class"] = "xl-select"
        self.fields["words"].required = step is None or step.wants_words
        if verb is not Verb.ISSUE:
            del self.fields["owner"], self.fields["due"]


def owners_at(institution: str) -> list[tuple[str, str]]:
    """The accounts of an institution that a task may be given to, and the stewards of the region."""
    found = Account.objects.filter(is_active=True, institution_id__in=[institution, ""]).order_by(
        "display_name"
    )
    return [
        (f"account/{one.pk}", f"{one.display_name} {one.title}".strip())
        for one in found
        if {"steward", "administrator"} & set(one.roles)
        or (one.institution_id == institution and institution)
    ][:200]

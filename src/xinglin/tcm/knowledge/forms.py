"""What people are asked: what a fact should say and where that is from; a source; an entry of a people's medicine."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext_lazy as _

from xinglin.kernel.errors import invalid
from xinglin.tcm.knowledge import queries, vocabulary
from xinglin.tcm.knowledge.models import Entry, Source, Term
from xinglin.tcm.knowledge.rules import LONGEST_VALUE, Act, Statement


def words(listed: dict[str, vocabulary.Word], *, english: bool) -> list[tuple[str, str]]:
    """The choices of a list of words."""
    return [(name, word.said(english=english)) for name, word in listed.items()]


class _Described(forms.Form):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            if field.help_text:
                field.widget.attrs["aria-describedby"] = f"id_{name}_helptext"

    def _choose(self, name: str, choices: list[tuple[str, str]]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = choices


class ProposalForm(_Described):
    """A change of a fact, or a new one."""

    act = forms.ChoiceField(label=_("What should change"))
    predicate = forms.ChoiceField(label=_("What it says"))
    value = forms.CharField(label=_("Value in words"), max_length=LONGEST_VALUE, required=False)
    other = forms.CharField(
        label=_("Leads to the term"),
        max_length=120,
        required=False,
        help_text=_("Its id, or its name where that means one term alone."),
    )
    low = forms.FloatField(label=_("Lower bound in grams"), required=False, min_value=0)
    high = forms.FloatField(label=_("Upper bound in grams"), required=False, min_value=0)
    source = forms.ChoiceField(label=_("Source"))
    locator = forms.CharField(label=_("Place in the source"), max_length=200, required=False)
    basis = forms.ChoiceField(label=_("Rests on"))
    confidence = forms.ChoiceField(label=_("How sure it is"))
    reason = forms.CharField(label=_("Why"), max_length=500, widget=forms.Textarea(attrs={"rows": 2}))

    def __init__(self, *args: Any, english: bool, new: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        acts = {name: word for name, word in vocabulary.listed("change").items() if (name == Act.ADD) is new}
        self._choose("act", words(acts, english=english))
        self._choose("predicate", words(vocabulary.predicates(), english=english))
        self._choose("basis", words(vocabulary.bases(), english=english))
        self._choose("confidence", words(vocabulary.listed("confidence"), english=english))
        named = Source.objects.order_by("id").values_list("id", "title", "english")
        self._choose("source", [(id_, e if english and e else title) for id_, title, e in named])

    def statement(self, term: Term) -> Statement:
        """What was filled in. Raises ``invalid`` where the other term's name means none, or several."""
        said = self.cleaned_data
        bounds = {name: said[name] for name in ("low", "high") if said[name] is not None}
        predicate = said["predicate"]
        return Statement(
            term=term.id,
            predicate=predicate,
            source=said["source"],
            basis=said["basis"],
            confidence=said["confidence"],
            object=_one_term(said["other"].strip(), predicate),
            value=said["value"].strip(),
            locator=said["locator"].strip(),
            data={**bounds, "unit": "g"} if bounds else {},
        )


def _one_term(given: str, predicate: str) -> str:
    """The id of the one term that is meant."""
    if not given:
        return ""
    if Term.objects.filter(id=given.upper()).exists():
        return given.upper()
    found = queries.meanings(given, vocabulary.predicates()[predicate].objects)
    if not found:
        raise invalid(gettext_noop("There is no term %(named)s."), named=given)
    if len(found) > 1:
        meant = "、".join(f"{term.name} {term.id}" for term in found)
        raise invalid(
            gettext_noop("“%(given)s” may mean %(meant)s; say which by its id."), given=given, meant=meant
        )
    return found[0].id


class SourceForm(_Described):
    """A source that was consulted."""

    id = forms.SlugField(label=_("Short name"), max_length=40, help_text=_("Latin letters, as chp-2025."))
    title = forms.CharField(label=_("Title"), max_length=300)
    english = forms.CharField(label=_("Title in English"), max_length=300, required=False)
    basis = forms.ChoiceField(label=_("What kind of authority it is"))
    year = forms.IntegerField(label=_("Year"), required=False, min_value=1, max_value=2200)
    via = forms.CharField(label=_("How it was consulted"), max_length=400, required=False)

    def __init__(self, *args: Any, english: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._choose("basis", words(vocabulary.bases(), english=english))

    def source(self) -> Source:
        return Source(**self.cleaned_data)


class EntryForm(_Described):
    """An entry of Zhuang or Yao medicine."""

    code = forms.SlugField(label=_("Code"), max_length=40)
    part = forms.ChoiceField(label=_("Part"))
    name = forms.CharField(label=_("Name of the term"), max_length=120)
    native = forms.CharField(label=_("In its own letters"), max_length=120, required=False)
    western = forms.CharField(label=_("What it is about in Western terms"), max_length=200, required=False)
    source = forms.CharField(
        label=_("Source"),
        max_length=400,
        help_text=_("The book with edition and page, the standard with its number."),
    )
    basis = forms.ChoiceField(label=_("Rests on"))

    def __init__(self, *args: Any, english: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._choose("part", words(vocabulary.listed("part"), english=english))
        self._choose("basis", words(vocabulary.bases(), english=english))

    def entry(self, tradition: str) -> Entry:
        return Entry(tradition=tradition, confidence="likely", **self.cleaned_data)


class WitnessForm(_Described):
    """What somebody has checked an entry against."""

    source = forms.CharField(label=_("Source that was consulted"), max_length=400)
    basis = forms.ChoiceField(label=_("Rests on"))

    def __init__(self, *args: Any, english: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._choose("basis", words(vocabulary.bases(), english=english))


def first_wrong(form: forms.Form) -> str:
    """The first thing that is wrong with a form, with the name of its field."""
    for name, errors in form.errors.items():
        label = form.fields[name].label if name in form.fields else ""
        return gettext("%(field)s: %(wrong)s") % {"field": label, "wrong": errors[0]}
    return ""

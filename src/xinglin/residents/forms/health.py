"""What residents type about their health: reminders, measurements, answers of a test."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from xinglin.fhir.dates import LOCAL_ZONE
from xinglin.residents import reminders
from xinglin.residents.forms.fields import CONTROL, PLAIN, SELECT, Plain
from xinglin.residents.reminders import Wish

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from xinglin.residents.measuring import Kind


class ReminderForm(Plain):
    """Which medicine, how it is taken, at which hours, until when."""

    medicine = forms.CharField(label=_("Medicine"), max_length=80, widget=forms.TextInput(CONTROL | PLAIN))
    how = forms.CharField(
        label=_("How it is taken (may be left empty)"),
        max_length=200,
        required=False,
        widget=forms.TextInput(CONTROL | PLAIN),
    )
    until = forms.DateField(
        label=_("Last day (may be left empty)"),
        required=False,
        widget=forms.DateInput(CONTROL | {"type": "date"}, format="%Y-%m-%d"),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for number in range(1, reminders.most_times() + 1):
            label = gettext("Time %(number)s") % {"number": number}
            asked = forms.TimeInput(CONTROL | {"type": "time", "aria-label": label}, format="%H:%M")
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


class MeasurementForm(Plain):
    """The figures of one kind of measurement, and when it was where that is not now."""

    moment = forms.DateTimeField(
        label=_("When it was measured"),
        required=False,
        widget=forms.DateTimeInput(CONTROL | {"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
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
                widget=forms.TextInput(CONTROL | asked),
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


class SelfTestForm(Plain):
    """The questions of a self-test; the sex is the record's."""

    def __init__(self, of: Mapping[str, Any], language: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for item in of["item"]:
            if item["kind"] == "choice":
                options = [
                    (str(i), one[1 if language == "zh" else 2]) for i, one in enumerate(item["options"])
                ]
                self.fields[item["code"]] = forms.ChoiceField(
                    label=item[language], choices=[("", "—"), *options], widget=forms.Select(SELECT)
                )
            elif item["kind"] == "number":
                unit = item["unit" if language == "zh" else "unit_en"]
                asked = CONTROL | {
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

"""Self-tests: which there are, the questions of one, its result, and the results before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.shortcuts import redirect
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_http_methods

from xinglin.accounts import faults
from xinglin.kernel.errors import Fault
from xinglin.portal import queries
from xinglin.portal.rules import people, results
from xinglin.residents import measurements, rules, scoring
from xinglin.residents.forms import SelfTestForm
from xinglin.residents.views.entering import Here, language, mine, shown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.http import HttpRequest, HttpResponse

    from xinglin.kernel.ages import Age
    from xinglin.portal.queries import Resident
    from xinglin.portal.rules.results import Series


@require_GET
@mine
def overview(request: HttpRequest, here: Here) -> HttpResponse:
    """Which self-tests there are."""
    tests = [(code, one[language()]) for code, one in scoring.tests().items()]
    return shown(request, here, "self_tests.html", {"tests": tests})


@require_http_methods(["GET", "POST"])
@mine
def one(request: HttpRequest, here: Here, code: str) -> HttpResponse:
    """The questions, with what the record knows already filled in; the results so far."""
    of, resident = scoring.test(code), queries.resident(here.door, here.acting.patient)
    observed = queries.everything(here.door, resident, ("Observation",))
    age = people.age_on(resident.person.birth, rules.day_of(here.now))
    posted = request.method == "POST"
    initial = _known(of, results.series(observed, resident.sources), age)
    form = SelfTestForm(of, language(), request.POST if posted else None, initial=initial)
    if posted and form.is_valid():
        try:
            _keep(here, of, form.answers(), resident)
        except Fault as fault:
            form.add_error(None, faults.said(fault))
        else:
            messages.success(request, gettext("Your result is in your record."))
            return redirect("residents:self-test", code)
    context = {
        "form": form,
        "words": of[language()],
        "source": of[language()].get("source", of["source"]),
        "has": scoring.has_already(of, queries.everything(here.door, resident, ("Condition",))),
        "of_age": age is not None and of["least_age"] <= age.years <= of["most_age"],
        "ages": (of["least_age"], of["most_age"]),
        "most": of["most_points"],
        "found": [(kept, kept.result[language()]) for kept in scoring.kept(of, observed)],
    }
    return shown(request, here, "self_test.html", context, status=422 if form.errors else 200)


def _keep(here: Here, of: Mapping[str, Any], answers: Mapping[str, float], resident: Resident) -> None:
    actor = here.door.actor
    found = scoring.score(of, answers, resident.person.sex)
    made = scoring.observation(
        of, found, patient=here.acting.patient, performer=measurements.performer(here.acting, actor),
        now=here.now,
    )  # fmt: skip
    with here.connection.transaction():
        measurements.writing(here.connection, actor).create(made)


def _known(of: Mapping[str, Any], series: tuple[Series, ...], age: Age | None) -> dict[str, Any]:
    """What the record says of the questions: the age, and the latest of each figure."""
    latest = {one.key.partition("~")[0]: one.last for one in sorted(series, key=lambda one: one.last.at)}
    found: dict[str, Any] = {"age": age.years} if age is not None else {}
    for item in of["item"]:
        point = latest.get(item.get("from", ""))
        if point is not None and point.value is not None and point.unit == item["unit"]:
            found[item["code"]] = point.text
    return found

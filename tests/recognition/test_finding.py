"""Which results are valid, and why others are not. Pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from xinglin.recognition import finding, reading, reference
from xinglin.recognition.values import Asking, Kind, Mark, Place, Result, Scope, Tier

NOW = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
GLUCOSE = reference.shipped().items["glucose"]
CT = reference.shipped().items["chest-ct"]
MARK = Mark(1, "h2", "laboratory", Scope.CITY, "", date(2026, 1, 1), None)
PLACES = {"h2": Place("h2", "城东人民医院", Tier.SECONDARY, "", (MARK, replace(MARK, id=2, items="imaging")))}
ASKING = Asking("h1", "420102000000", NOW)


def result(**more: object) -> Result:
    given: dict[str, object] = {
        "reference": "Observation/o1", "version": "1", "patient": "p2", "kind": Kind.LABORATORY,
        "codes": ("http://loinc.org|14771-0",), "names": ("空腹血糖",), "title": "空腹血糖", "value": "6.8 mmol/L",
        "status": "final", "moment": NOW - timedelta(days=3), "institution": "h2",
    }  # fmt: skip
    return Result(**{**given, **more})  # type: ignore[arg-type]  # the values are those above


def judged(one: Result, *, item=GLUCOSE, asking=ASKING, places=PLACES, events=()):
    (found,) = finding.find(
        [item], [one], places, asking=asking, measures=reference.measures(), events=events
    )
    (each,) = (*found.valid, *found.others)
    return each


def test_a_recent_final_result_of_a_marked_institution_is_valid() -> None:
    found = judged(result())

    assert (found.valid, found.days, found.own, found.cautions) == (True, 3, False, ())
    assert found.mark == MARK


@pytest.mark.parametrize(
    ("changed", "reasons"),
    [
        ({"moment": NOW - timedelta(days=30)}, ()),
        ({"moment": NOW - timedelta(days=30, seconds=1)}, ("old",)),
        ({"moment": NOW + timedelta(seconds=1)}, ("future",)),
        ({"moment": None}, ("undated",)),
        ({"status": "preliminary"}, ("preliminary",)),
        ({"status": "entered-in-error"}, ("withdrawn",)),
        ({"status": "corrected"}, ()),
        ({"value": ""}, ("empty",)),
        ({"interpretation": ("H",)}, ()),
        ({"interpretation": ("HH",)}, ("critical",)),
        ({"interpretation": ("H", "U")}, ("changed",)),
        ({"institution": "h3"}, ("mark",)),
        ({"institution": ""}, ("place",)),
        ({"moment": None, "status": "partial", "institution": "h3"}, ("undated", "preliminary", "mark")),
    ],
)
def test_every_reason_against_a_result_is_said(changed, reasons) -> None:
    assert judged(result(**changed)).reasons == reasons


@pytest.mark.parametrize(
    ("mark", "asking", "valid"),
    [
        (MARK, ASKING, True),
        (replace(MARK, items="*"), ASKING, True),
        (replace(MARK, items="group:糖代谢"), ASKING, True),
        (replace(MARK, items="glucose"), ASKING, True),
        (replace(MARK, items="hba1c"), ASKING, False),
        (replace(MARK, items="imaging"), ASKING, False),
        (replace(MARK, scope=Scope.DISTRICT), ASKING, False),
        (replace(MARK, scope=Scope.NATIONAL, area="11"), ASKING, True),
        (replace(MARK, area="4201"), ASKING, True),
        (replace(MARK, area="4202"), ASKING, False),
        (replace(MARK, area="4201"), replace(ASKING, division=""), False),
        (replace(MARK, since=date(2026, 11, 20)), ASKING, True),
        (replace(MARK, since=date(2026, 11, 21)), ASKING, False),
        (replace(MARK, until=date(2026, 11, 20)), ASKING, False),
        (replace(MARK, until=date(2026, 11, 21)), ASKING, True),
    ],
)
def test_a_mark_counts_for_its_items_its_area_and_its_time(mark, asking, valid) -> None:
    places = {"h2": replace(PLACES["h2"], marks=(mark,))}

    assert judged(result(), asking=asking, places=places).valid is valid


@pytest.mark.parametrize(
    ("tier", "reasons"),
    [(Tier.TERTIARY, ()), (Tier.SECONDARY, ()), (Tier.PRIMARY, ("tier",)), (None, ("tier",))],
)
def test_imaging_of_too_low_a_tier_is_not_recognised(tier, reasons) -> None:
    seen = result(kind=Kind.IMAGING, codes=("urn:local|I1",), names=(finding.plain("胸部CT平扫"),))

    assert judged(seen, item=CT, places={"h2": replace(PLACES["h2"], tier=tier)}).reasons == reasons


def test_the_own_institution_s_result_needs_no_mark_and_is_told_apart() -> None:
    found = judged(result(institution="h1"))

    assert (found.valid, found.own, found.mark) == (True, True, None)


def test_an_admission_after_the_result_is_a_caution_and_one_before_it_is_none() -> None:
    assert judged(result(), events=[NOW - timedelta(days=1)]).cautions == ("event",)
    assert judged(result(), events=[NOW - timedelta(days=5)]).cautions == ()


def test_a_code_decides_what_a_result_is_and_a_name_only_where_no_code_does() -> None:
    def meant(**more):
        found = finding.find(
            [GLUCOSE], [result(**more)], PLACES, asking=ASKING, measures=reference.measures()
        )
        return len(found[0].valid)

    assert meant(codes=("http://loinc.org|4548-4",), names=("空腹血糖",)) == 0
    assert meant(codes=("urn:local|T1",), names=(finding.plain("葡萄糖(空腹)"),)) == 1
    assert meant(codes=(), names=("别的",)) == 0
    assert meant(kind=Kind.IMAGING) == 0


def test_the_latest_valid_result_is_the_first_and_items_keep_their_order() -> None:
    older, newer = result(), result(reference="Observation/o2", moment=NOW - timedelta(days=1))

    found = finding.find(
        [CT, GLUCOSE, CT], [older, newer], PLACES, asking=ASKING, measures=reference.measures()
    )

    assert [one.item.code for one in found] == ["chest-ct", "glucose"]
    assert [one.result.reference for one in found[1].valid] == ["Observation/o2", "Observation/o1"]


@pytest.mark.parametrize(
    ("said", "value"),
    [
        ({"valueQuantity": {"value": 6.8, "unit": "mmol/L", "comparator": "<"}}, "<6.8 mmol/L"),
        ({"valueCodeableConcept": {"text": "阳性"}}, "阳性"),
        ({"valueString": "阴性"}, "阴性"),
        ({"valueInteger": 0}, "0"),
        ({"component": [{"code": {"text": "A"}, "valueString": "1"}, {"code": {"text": "B"}}]}, "A 1"),
        ({"dataAbsentReason": {"text": "溶血"}}, ""),
    ],
)
def test_the_value_of_an_observation_is_put_into_words(said, value) -> None:
    resource = {"resourceType": "Observation", "id": "o", "status": "final", "code": {}, **said}

    assert reading.result(resource, 1, "h2").value == value


@pytest.mark.parametrize(
    ("said", "moment"),
    [
        ({"effectiveDateTime": "2026-11-19T10:00:00+08:00"}, datetime(2026, 11, 19, 2, tzinfo=UTC)),
        ({"effectiveDateTime": "2026-11-19"}, datetime(2026, 11, 18, 16, tzinfo=UTC)),
        ({"effectivePeriod": {"end": "2026-11-19T00:00:00Z"}}, datetime(2026, 11, 19, tzinfo=UTC)),
        ({"issued": "2026-11-19T00:00:00Z"}, datetime(2026, 11, 19, tzinfo=UTC)),
        ({"effectiveDateTime": "gestern"}, None),
        ({}, None),
    ],
)
def test_the_time_of_a_result_is_when_it_was_taken(said, moment) -> None:
    assert reading.moment_of(said) == moment

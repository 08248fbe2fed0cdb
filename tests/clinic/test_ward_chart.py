"""The chart of temperature and pulse: where its points lie."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from xinglin.clinic.ward import charting
from xinglin.clinic.ward.charting import COLUMN, HEIGHT, LEFT, TOP
from xinglin.clinic.ward.values import Measured
from xinglin.record import sealing

ADMITTED = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)  # 10 o'clock at the clinic


def measured(hours: float, mistaken: bool = False, **body: float) -> Measured:
    moment = ADMITTED + timedelta(hours=hours)
    return Measured(1, moment, sealing.seal_text(json.dumps(body)), moment if mistaken else None, "农丽华")


def test_a_degree_is_twenty_beats_high():
    chart = charting.chart([], ADMITTED, 1)

    assert [(one.degrees, one.beats) for one in chart.marks][:3] == [("35", "40"), ("36", "60"), ("37", "80")]
    assert (chart.marks[0].y, chart.marks[-1].y) == (HEIGHT, TOP)


def test_a_point_stands_at_its_hour_and_its_height():
    chart = charting.chart([measured(0, temperature=37, pulse=80), measured(2, temperature=35)], ADMITTED, 1)

    assert [(one.x, one.y) for one in chart.temperature] == [
        (LEFT + 2.5 * COLUMN, chart.marks[2].y), (LEFT + 3 * COLUMN, HEIGHT),
    ]  # fmt: skip
    assert [one.y for one in chart.pulse] == [chart.marks[2].y]
    assert chart.temperature[0].said == "11-20 10:00 37"
    assert chart.temperature_line.count(" ") == 1


def test_what_lies_beyond_the_grid_stands_at_its_edge():
    chart = charting.chart([measured(0, temperature=42.9, pulse=20)], ADMITTED, 1)

    assert chart.temperature[0].y == TOP
    assert chart.pulse[0].y == HEIGHT


@pytest.mark.parametrize(("hours", "sheet"), [(0, 1), (6 * 24 + 13.9, 1), (6 * 24 + 14, 2), (13 * 24, 2)])
def test_a_week_fills_a_sheet_by_days_of_the_calendar(hours, sheet):
    one = measured(hours, temperature=37)

    drawn = [bool(charting.chart([one], ADMITTED, number).temperature) for number in (1, 2, 3)]
    assert [number for number, there in enumerate(drawn, 1) if there] == [sheet]
    assert charting.sheets(ADMITTED, one.moment) == sheet


def test_days_are_numbered_from_the_admission():
    assert [one.number for one in charting.chart([], ADMITTED, 2).days] == [8, 9, 10, 11, 12, 13, 14]


def test_a_mistake_is_not_drawn():
    assert charting.chart([measured(0, mistaken=True, temperature=40)], ADMITTED, 1).temperature == ()

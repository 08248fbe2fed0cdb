"""Persons side by side: values once each, what differs marked, numbers masked, weights and thresholds."""

from __future__ import annotations

import pytest

from xinglin.identity import comparing, scoring, traits, weights
from xinglin.identity.comparing import Column, Source

NUMBER = "11010519491231002X"  # the example of GB 11643
SYSTEM = "urn:oid:2.16.156.10011.1.3"


def source(id_, institution="甲医院", **resource):
    resource = {"resourceType": "Patient", "id": id_, **resource}
    return Source(id_, institution, "2026-01-01", resource, traits.from_patient(resource))


def named(name, **more):
    return {"name": [{"text": name}], "birthDate": "1949-12-31", "gender": "female", **more}


def column(*sources):
    return Column(sources[0].patient, sources)


def compared(*columns):
    return comparing.compare(columns, weights.current())


def row(comparison, field):
    return next(r for r in comparison.rows if r.field == field)


def spans(said):
    return [(s.text, s.kind) for s in said.spans]


@pytest.mark.parametrize(
    ("other", "kind"), [("王桂蓝", "sound"), ("王桂英", "differs"), ("王桂三", "shape"), ("王桂兰", None)]
)
def test_character_that_differs_is_marked_with_how_it_is_alike(other, kind):
    found = compared(column(source("1", **named("王桂兰"))), column(source("2", **named(other))))

    marked = [s.kind for s in row(found, "name").cells[1][0].spans if s.kind]
    assert marked == ([] if kind is None else [kind])


def test_value_that_several_institutions_say_stands_once_with_all_of_them():
    both = column(source("1", **named("王桂兰")), source("2", "乙医院", **named("王桂兰")))
    found = compared(both, column(source("3", "丙医院", **named("王桂兰"))))

    (said,) = row(found, "name").cells[0]
    assert (said.text, said.by) == ("王桂兰", ("甲医院", "乙医院"))


def identified(number):
    return {"identifier": [{"system": SYSTEM, "value": number}]}


def test_number_is_masked_but_for_its_ends_and_the_figure_that_differs():
    slip = NUMBER[:12] + "9" + NUMBER[13:]
    found = compared(
        column(source("1", **named("王桂兰", **identified(NUMBER)))),
        column(source("2", **named("王桂兰", **identified(slip)))),
    )

    first, second = (cell[0] for cell in row(found, "document").cells)
    assert "".join(s.text for s in first.spans) == "110105••••••3•002X"
    assert [s.text for s in second.spans if s.kind] == ["9"]


def test_quite_another_number_shows_nothing_of_its_middle():
    found = compared(
        column(source("1", **named("王桂兰", **identified(NUMBER)))),
        column(source("2", **named("王桂兰", **identified("440524188001010014")))),
    )

    assert spans(row(found, "document").cells[1][0]) == [("440524••••••••0014", "differs")]


def test_record_numbers_of_institutions_are_not_marked():
    own = {"identifier": [{"system": "urn:a", "value": "77123456"}]}
    other = {"identifier": [{"system": "urn:b", "value": "88123456"}]}
    found = compared(
        column(source("1", **named("王桂兰", **own))), column(source("2", **named("王桂兰", **other)))
    )

    assert [s.kind for cell in row(found, "record").cells for said in cell for s in said.spans] == ["", ""]


def test_bars_and_prior_add_up_to_the_sum():
    a, b = source("1", **named("王桂兰")), source("2", **named("王桂蓝", birthDate="1949-01-01"))
    found = compared(column(a), column(b))

    total = found.sums[1]
    assert total is not None
    score = scoring.score(a.traits, b.traits, weights.current())
    assert total.bits == pytest.approx(score.bits)
    shown = sum(r.bars[1].bits for r in found.rows if r.bars[1] is not None)
    hidden = sum(
        f.bits for f in score.fields if f.name not in {r.field for r in found.rows} and f.name != "prior"
    )
    assert total.prior + shown + hidden == pytest.approx(total.bits)


def test_thresholds_lie_in_order_on_the_gauge():
    found = compared(
        column(source("1", **named("王桂兰"))), column(source("2", **named("李明", birthDate="2001-02-03")))
    )

    total = found.sums[1]
    assert total is not None
    assert 0 <= total.at < total.review_at < total.join_at < 100
    assert total.zone == "new"


@pytest.mark.parametrize(
    ("bits", "left", "width"), [(5.0, 50, 10), (-5.0, 40, 10), (90.0, 50, 50), (-90.0, 0, 50), (0.0, 50, 0)]
)
def test_bar_begins_in_the_middle_and_keeps_to_its_half(bits, left, width):
    bar = comparing.Bar("same", bits, comparable=True)

    assert (bar.left, bar.width) == pytest.approx((left, width))


def test_three_persons_are_each_compared_with_the_first():
    first, second, third = (
        column(source(n, **named(name))) for n, name in (("1", "王桂兰"), ("2", "王桂兰"), ("3", "李明"))
    )
    found = compared(first, second, third)

    assert found.sums[0] is None
    assert found.sums[1] is not None
    assert found.sums[2] is not None
    assert found.sums[1].bits > found.sums[2].bits


def test_field_that_nobody_states_is_left_out():
    found = compared(column(source("1", **named("王桂兰"))), column(source("2", **named("王桂兰"))))

    assert [r.field for r in found.rows] == ["name", "birth", "sex"]

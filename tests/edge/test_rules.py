"""What is decided without disk and line: schedules, answers, lanes, marks, statements."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xinglin.edge import answers
from xinglin.edge.answers import Fate
from xinglin.edge.lanes import Lanes
from xinglin.edge.messages import decoded, hl7_header, hl7_messages
from xinglin.edge.schedule import Schedule
from xinglin.edge.sources import marks
from xinglin.edge.sources.statements import bound

NOON = datetime(2026, 11, 26, 12, tzinfo=ZoneInfo("Asia/Shanghai"))


def test_a_source_is_read_every_so_many_seconds() -> None:
    assert Schedule(every=90).next_after(NOON) == NOON + timedelta(seconds=90)


def test_a_source_is_read_at_the_next_of_its_times() -> None:
    schedule = Schedule(at=(time(13, 30), time(2)))

    assert schedule.next_after(NOON) == NOON.replace(hour=13, minute=30)
    assert schedule.next_after(NOON.replace(hour=14)) == NOON.replace(day=27, hour=2)


KEPT = b'{"receipt": "r1", "state": "stored", "repeated": false, "reasons": []}'


@pytest.mark.parametrize(
    ("status", "body", "fate"),
    [
        (200, KEPT, Fate.KEPT),
        (202, b'{"receipt": "r1", "state": "received"}', Fate.KEPT),
        (200, b"<html>sign in</html>", Fate.LINE),
        (200, b'{"state": "stored"}', Fate.LINE),
        (204, b"", Fate.LINE),
        (302, b"", Fate.LINE),
        (400, b"", Fate.REFUSED),
        (400, b'{"reasons": [{"code": "incomplete"}]}', Fate.AGAIN),
        (401, b"", Fate.LINE),
        (403, b"", Fate.LINE),
        (404, b"", Fate.LINE),
        (413, b"", Fate.REFUSED),
        (415, b"", Fate.REFUSED),
        (422, b'{"receipt": "r1", "state": "quarantined"}', Fate.REFUSED),
        (429, b"", Fate.LINE),
        (500, b"", Fate.AGAIN),
        (503, b"", Fate.LINE),
    ],
)
def test_an_answer_decides_what_becomes_of_a_message(status: int, body: bytes, fate: Fate) -> None:
    assert answers.read(status, {}, body).fate is fate


def test_what_the_platform_asks_to_wait_is_waited() -> None:
    answer = answers.read(503, {"retry-after": "17"}, b"")

    assert answers.pause(1, asked=answer.wait) == 17


@given(st.integers(1, 10_000), st.floats(0, 1))
def test_pauses_grow_to_five_minutes_and_are_never_nothing(failures: int, chance: float) -> None:
    pause = answers.pause(failures, chance=chance)

    assert 0.5 <= pause <= answers.LONGEST_WAIT
    assert pause <= answers.pause(failures + 1, chance=chance)


@given(st.lists(st.integers(0, 4), min_size=1, max_size=40), st.integers(0, 10_000))
def test_messages_of_a_lane_go_in_their_order_and_none_is_left(names: list[int], seed: int) -> None:
    chance = random.Random(seed)
    lanes = Lanes()
    lanes.add((place, bytes([name])) for place, name in enumerate(names))
    away: list[int] = []
    gone: dict[int, list[int]] = {}
    now = 0.0
    while len(lanes):
        place = lanes.take(now)
        if place is not None:
            assert names[place] not in [names[other] for other in away]
            away.append(place)
        if away and (place is None or chance.random() < 0.5):
            back = away.pop(chance.randrange(len(away)))
            if chance.random() < 0.3:
                lanes.again(back, at=now + chance.random())
            else:
                lanes.done(back)
                gone.setdefault(names[back], []).append(back)
        now += 0.1

    assert gone == {name: [i for i, n in enumerate(names) if n == name] for name in set(names)}


def test_a_lane_that_waits_does_not_hold_up_another() -> None:
    lanes = Lanes()
    lanes.add([(1, b"a"), (2, b"a"), (3, b"b")])

    first = lanes.take(0)
    lanes.again(first, at=10)

    assert [lanes.take(0), lanes.take(0), lanes.take(11)] == [3, None, 1]


WATERMARKS = st.one_of(
    st.lists(
        st.datetimes(min_value=datetime(1990, 1, 1)),  # noqa: DTZ001 -- as databases give them
        min_size=2,
        max_size=2,
    ),
    st.lists(st.dates(min_value=date(1990, 1, 1)), min_size=2, max_size=2),
    st.lists(st.integers(-(10**15), 10**15), min_size=2, max_size=2),
    st.lists(st.decimals(-(10**12), 10**12, places=3), min_size=2, max_size=2),
    st.lists(st.binary(min_size=8, max_size=8), min_size=2, max_size=2),
)


@given(WATERMARKS)
def test_watermarks_are_in_order_as_text_and_come_back_as_they_were(pair: list) -> None:
    low, high = pair

    assert (marks.order(low) < marks.order(high)) == (low < high)
    assert [marks.read(marks.written(one)) for one in pair] == pair


@pytest.mark.parametrize(
    ("value", "before"),
    [
        (datetime(2026, 1, 1, 0, 5, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)),
        (date(2026, 1, 2), date(2026, 1, 1)),
        (1000, 700),
        (Decimal("1000.5"), Decimal("700.5")),
        ("2026-01-01 00:05:00", "2026-01-01 00:00:00"),
        ("2026-01-01T00:05:00", "2026-01-01T00:00:00"),
        ("2026-01-02", "2026-01-01"),
    ],
)
def test_an_overlap_goes_back_in_the_same_form(value: object, before: object) -> None:
    assert marks.before(value, 300) == before


QUERY = "SELECT a::text, '12:30 :since 5%' FROM t -- :since\nWHERE c >= :since AND d LIKE '5%' AND e > :since"


@pytest.mark.parametrize(
    ("style", "sql", "values"),
    [
        ("qmark", "c >= ? AND d LIKE '5%' AND e > ?", [7, 7]),
        ("format", "c >= %s AND d LIKE '5%%' AND e > %s", [7, 7]),
        ("numeric", "c >= :1 AND d LIKE '5%' AND e > :1", [7]),
        ("named", "c >= :since AND d LIKE '5%' AND e > :since", {"since": 7}),
        ("pyformat", "c >= %(since)s AND d LIKE '5%%' AND e > %(since)s", {"since": 7}),
    ],
)
def test_a_name_becomes_what_the_driver_wants_and_texts_are_left_alone(
    style: str, sql: str, values: object
) -> None:
    made, given_ = bound(QUERY, {"since": 7}, style)

    percent = "%%" if "format" in style else "%"
    assert made == f"SELECT a::text, '12:30 :since 5{percent}' FROM t -- :since\nWHERE {sql}"
    assert given_ == values


HL7 = "MSH|^~\\&|LIS|H01|||20260101||ORU^R01|M1|P|2.5.1\rPID|1||123^^^H01~9||张三\r"


def test_a_file_is_cut_into_its_messages() -> None:
    text = f"FHS|^~\\&\r\nBHS|^~\\&\r\n{HL7}BTS|1\n{HL7.replace('M1', 'M2')}FTS|1"

    assert list(hl7_messages(text)) == [HL7, HL7.replace("M1", "M2")]


def test_the_patient_of_a_message_is_the_first_number() -> None:
    header = hl7_header(HL7)

    assert (header.patient, header.control, header.event, header.sending) == (
        "123",
        "M1",
        "R01",
        ("LIS", "H01"),
    )


def test_text_is_read_by_its_encoding() -> None:
    assert decoded("张|三".encode("gbk"), "") == "张|三"
    assert decoded("张三".encode(), "") == "张三"
    assert decoded("张三".encode("utf-8-sig"), "") == "张三"

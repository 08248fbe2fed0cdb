"""Whatever is sent, the door answers: it never fails and never says that it has kept what it has not."""

from __future__ import annotations

from contextlib import suppress

from hypothesis import given
from hypothesis import strategies as st

from tests.exchange.hl7v2 import make
from xinglin.exchange.hl7v2 import answering, door, messages, structures
from xinglin.exchange.hl7v2.answering import Caller, Rules
from xinglin.exchange.hl7v2.trying import example
from xinglin.kernel.errors import Fault

_KINDS = sorted(door.shipped())
_NAMES = sorted(
    {name for one in structures.structures().values() for name in one.root.depths if len(name) == 3}
)
_VALUES = st.one_of(
    st.sampled_from(
        ["", "", '""', "1", "20261126", "20261126093000+0800", "A^B^LN", "~", "^^^", "a&b^c&d~e", "NM", "TX", "ED",
         "CE", "D", "F", "99999999999999999999", "-1.5", "Y", "张三", r"\X0D\ ", r"\F\ ", "10^9/L", "<5", "I",
         "V1", "7"]
    ),
    st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\r\n|"), max_size=8),
)  # fmt: skip
_segments = st.builds(
    lambda name, fields: "|".join([name, *fields]),
    st.sampled_from([*_NAMES, "ZZZ", "ZPI"]).filter(lambda name: name != "MSH"),
    st.lists(_VALUES, max_size=25),
)


def _answered(body: bytes) -> None:
    desk = make.StandIn()
    found = answering.answer(body, Caller("127.0.0.1"), desk, Rules())

    codes = [messages.read(answer).segments[1].text(1) for answer in found.messages]
    if any(code in {"AA", "AE", "CA"} for code in codes):
        assert desk.kept == [body]
    if any(code in {"AR", "CR", "CE"} for code in codes):
        assert desk.kept == []


@given(st.sampled_from(_KINDS), st.lists(_segments, max_size=12))
def test_any_segments_are_translated_or_have_reasons(kind: str, segments: list[str]) -> None:
    body = make.message(make.header(kind), *segments)

    told = door.Handler().translate(body, "", make.SENDER)

    assert told.resources or told.links or told.deletes or told.reasons
    _answered(body)


@given(st.sampled_from(_KINDS), st.data())
def test_a_damaged_message_is_answered(kind: str, data: st.DataObject) -> None:
    body = bytearray(example(kind).encode())
    for _ in range(data.draw(st.integers(1, 5))):
        at = data.draw(st.integers(0, len(body) - 1))
        way = data.draw(st.integers(0, 2))
        if way == 0:
            body[at] = data.draw(st.integers(0, 255))
        elif way == 1:
            del body[at : at + data.draw(st.integers(1, 30))]
        else:
            body[at:at] = data.draw(st.binary(max_size=6))
        if not body:
            return
    _answered(bytes(body))
    with suppress(Fault):
        door.Handler().open(bytes(body), "", make.SENDER)


@given(st.binary(max_size=300))
def test_any_bytes_are_answered(body: bytes) -> None:
    _answered(body)

"""Places in a message, as mappings write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.exchange.hl7v2 import make
from xinglin.exchange.hl7v2 import door, paths
from xinglin.exchange.hl7v2.paths import Dialect
from xinglin.exchange.hl7v2.structures import Group

_dialect = Dialect()


def _root(body: str = "") -> Group:
    return door.read((body or make.results()).encode()).root


def _found(path: str, node: paths.Node | None = None) -> list[str]:
    return [paths.text(found) for found in _dialect.compile(path)(node or _root())]


def _places(path: str, node: paths.Node | None = None) -> list[str]:
    return [paths.place(found) for found in _dialect.compile(path)(node or _root())]


@pytest.mark.parametrize(
    ("path", "texts"),
    [
        ("PID-3.1", ["P0001", "450103198001022046"]),
        ("PID-3", ["P0001", "450103198001022046"]),
        ("PID-3[2].1", ["450103198001022046"]),
        ("PID-3[?5='NI'].1", ["450103198001022046"]),
        ("PID-3[?5!='NI'].1", ["P0001"]),
        ("PID-3[?5='XX'].1", []),
        ("PID-3[?4.1='H01'].5", ["PI"]),
        ("PID-99", []),
        ("PID-5.2", ["桂兰"]),
        ("MSH-1", ["|"]),
        ("MSH-2", ["^~\\&"]),
        ("MSH-9.2", ["R01"]),
        ("OBX-3.1", ["1742-6", "1920-8", "1975-2", "HBSAG", "6690-2"]),
        ("OBX[3]-5", ["12.40"]),
        ("OBX[?3.1='HBSAG']-5", ["阴性"]),
        ("OBX[?2='ST']-3.2", ["乙肝表面抗原"]),
        ("ORDER_OBSERVATION/OBR-4.1", ["24323-8"]),
        ("ORDER_OBSERVATION[1]/OBSERVATION[5]/NTE-3", ["标本无溶血"]),
        ("ORDER_OBSERVATION[2]/OBR-4.1", []),
        ("OBR-32.1.2", ["王"]),
        ("OBR-32.1.3", ["芳"]),
        ("SPM-4.2", ["血液"]),
        ("ZPI-4", []),
    ],
)
def test_a_path_finds_its_texts(path: str, texts: list[str]) -> None:
    assert _found(path) == texts
    assert _dialect.compile_text(path)(_root()) == next(iter(texts), "")


def test_places_are_named_as_they_are_written() -> None:
    assert _places("PID-3.1") == ["PID-3.1", "PID-3[2].1"]
    assert _places("OBX-5")[:3] == ["OBX-5", "OBX[2]-5", "OBX[3]-5"]
    assert _places("OBR-32.1.3") == ["OBR-32.1.3"]
    assert _places("OBX")[1] == "OBX[2]"
    assert _places("ORDER_OBSERVATION") == ["PATIENT_RESULT/ORDER_OBSERVATION"]


def test_a_result_sees_its_order_and_its_patient() -> None:
    results = _dialect.compile("OBX")(_root())

    assert _found("OBX-3.1", results[1]) == ["1920-8"]
    assert _found("OBR-3", results[1]) == ["R0001"]
    assert _found("PID-5.1", results[1]) == ["韦"]
    assert _found("PV1-19", results[1]) == ["V0001"]
    assert _found("MSH-10", results[1]) == ["M1"]
    assert _found("NTE-3", results[1]) == []
    assert _found("NTE-3", results[4]) == ["标本无溶血"]


def test_an_order_does_not_see_into_another() -> None:
    root = _root(
        make.text(
            make.header("ORU^R01"), "PID|1||7", "OBR|1||R1|A", "ZOR|1|one", "OBX|1|ST|X||1",
            "OBR|2||R2|B", "OBX|1|ST|Y||2",
        )
    )  # fmt: skip
    first, second = _dialect.compile("ORDER_OBSERVATION")(root)

    assert (_found("OBX-5", first), _found("OBX-5", second)) == (["1"], ["2"])
    assert (_found("ZOR-2", first), _found("ZOR-2", second)) == (["one"], [])


def test_repetitions_are_read_from_the_field_at_hand() -> None:
    numbers = _dialect.compile("PID-3")(_root())

    assert [_found(".1", number) for number in numbers] == [["P0001"], ["450103198001022046"]]
    assert _found(".4.1", numbers[0]) == ["H01"]
    assert _found(".9", numbers[0]) == []
    assert _found("PID-8", numbers[0]) == ["F"]
    assert _dialect.compile_text(".5")(numbers[1]) == "NI"


def test_own_segments_are_reached() -> None:
    root = _root(make.text(make.header("ADT^A31"), "EVN|A31", "PID|1||7", "ZPI|a|b|c|d^e"))

    assert (_found("ZPI-4.2", root), _places("ZPI-4.2", root)) == (["e"], ["ZPI-4.2"])


def test_all_of_a_text_is_read_even_if_separators_were_not_escaped() -> None:
    root = _root(
        make.text(make.header("ORU^R01"), "PID|1||7", "OBR|1||R1", "OBX|1|TX|A||a^b&c~d", "NTE|1||x^y")
    )

    assert _found("OBX-5", root) == ["a^b&c", "d"]
    assert _dialect.compile_text("OBX-5")(root) == "a^b&c"
    assert _found("OBSERVATION/NTE-3", root) == ["x^y"]


def test_a_segment_that_is_there_has_a_text() -> None:
    assert _found("OBR")[0].startswith("OBR|1|O0001")
    assert _found("ORDER_OBSERVATION") == ["ORDER_OBSERVATION"]


@pytest.mark.parametrize(
    ("path", "offset"),
    [
        ("", 0), ("pid-3", 0), ("PID-", 3), ("PID-0", 4), ("PID-3.0", 6), ("PID-3.1.1.1", 9), ("PID-3[0]", 6),
        ("PID-3[x]", 6), ("PID-3[?5=MR]", 6), ("ORDER_OBSERVATION-3", 17), ("ORDER[?1='x']/OBR-3", 6), (".", 0),
        ("PID 3", 3), ("PID-3[?0='x']", 7),
    ],
)  # fmt: skip
def test_a_wrong_path_is_refused_where_it_is_wrong(path: str, offset: int) -> None:
    with pytest.raises(ValueError, match=r"\w") as caught:
        _dialect.compile(path)

    assert caught.value.args[1] == offset


@given(st.text("PIDOBX-.[]?='123/_ ", max_size=20))
def test_any_path_is_compiled_or_refused(path: str) -> None:
    try:
        find = _dialect.compile(path)
    except ValueError:
        pass  # it says where
    else:
        assert all(isinstance(paths.text(node), str) for node in find(_root()))

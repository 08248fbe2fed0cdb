"""What a file says, in whatever characters; and what is wrong with it."""

from __future__ import annotations

import io

import pytest

from tests.exchange.dicom import make
from xinglin.exchange.dicom import facts, reading
from xinglin.kernel.errors import Fault

NAME = (0x00100010, "PN")
CHARSET = (0x00080005, "CS")


def read(body: bytes, charset: str = "") -> reading.Instance:
    return reading.read(io.BytesIO(body), charset=charset)


def named(name: bytes, declared: bytes = b"", charset: str = "") -> reading.Instance:
    more = {"name": (*NAME, name)}
    if declared:
        more["charset"] = (*CHARSET, declared)
    return read(make.raw(make.identified(**more)), charset)


def test_an_instance_is_known_by_its_uids_and_its_patient() -> None:
    found = read(make.file())

    assert (found.sop_class, found.uid, found.study, found.series, found.patient, found.modality) == (
        make.CT, f"{make.ROOT}.1.1.1", make.STUDY, make.SERIES, "00100020", "CT",
    )  # fmt: skip
    assert found.syntax == "1.2.840.10008.1.2.1"
    assert found.reasons == ()
    assert found.head["7FE00010"] == {"vr": "OW", "BulkDataURI": "bulkdata/7FE00010"}
    assert facts.text(found.head, "00081030") == "胸部CT平扫"


@pytest.mark.parametrize("implicit", [False, True])
def test_the_encoding_of_a_file_makes_no_difference_to_what_it_says(implicit: bool) -> None:
    assert read(make.file(implicit=implicit)).head == read(make.file()).head


@pytest.mark.parametrize(
    ("declared", "encoded"),
    [
        (b"ISO_IR 192", "Zhang^San=张^三".encode()),
        (b"GB18030", "Zhang^San=张^三".encode("gb18030")),
        (b"GBK", "Zhang^San=张^三".encode("gbk")),
        (b"\\ISO 2022 IR 58", b"Zhang^San=\x1b$)A\xd5\xc5^\x1b$)A\xc8\xfd"),
    ],
)
def test_chinese_is_read_as_declared(declared: bytes, encoded: bytes) -> None:
    found = named(encoded, declared)

    assert facts.names(found.head, "00100010") == ["Zhang^San", "张^三"]
    assert found.reasons == ()


@pytest.mark.parametrize(
    ("declared", "encoding", "known", "read_as"),
    [
        (b"", "gb18030", "", "gb18030"),
        (b"", "utf-8", "", "utf-8"),
        (b"", "gbk", "gbk", "gbk"),
        (b"ISO_IR 192", "gb18030", "", "gb18030"),
        (b"ISO_IR 100", "gbk", "gbk", "gbk"),
        (b"\\ISO 2022 IR 58", "gbk", "", "gb18030"),
    ],
)
def test_what_is_not_as_declared_is_read_with_a_finding(
    declared: bytes, encoding: str, known: str, read_as: str
) -> None:
    found = named("张^三".encode(encoding), declared, known)

    assert facts.text(found.head, "00100010") == "张^三"
    assert [(r.severity, r.code, r.params["read"]) for r in found.reasons] == [("warning", "value", read_as)]


def test_latin_letters_stay_where_nothing_else_is_known() -> None:
    assert (
        facts.text(named("Müller^Jérôme".encode("latin-1"), b"ISO_IR 100").head, "00100010")
        == "Müller^Jérôme"
    )


def test_bytes_that_are_no_text_are_an_error() -> None:
    found = named(b"\xff\xfe\x80", b"ISO_IR 192")

    assert [(r.severity, r.place) for r in found.reasons] == [("error", "(0008,0005) SpecificCharacterSet")]


def test_private_elements_are_kept_and_junk_is_passed_over_with_a_finding() -> None:
    body = make.raw(
        make.identified(
            creator=(0x00090010, "LO", b"MADE UP"),
            private=(0x00091001, "UN", b"\x01\x02"),
            junk=(0x00280010, "US", b"\x01"),
        )
    )

    found = read(body)

    assert "00091001" in found.head
    assert "00280010" not in found.head or found.reasons == ()


def test_long_values_are_named_by_their_path() -> None:
    found = read(make.file(make.ecg()))

    group = found.head["54000100"]["Value"][0]
    assert group["54001010"]["BulkDataURI"] == "bulkdata/54000100/0/54001010"


@pytest.mark.parametrize("body", [b"", b"not DICOM", b"\0" * 128 + b"DICM", make.file()[:200]])
def test_what_is_no_file_or_breaks_off_is_refused(body: bytes) -> None:
    with pytest.raises(Fault) as refused:
        read(body)

    assert refused.value.issues[0].code == "structure"

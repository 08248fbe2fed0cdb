"""Files into the directory: good lines, bad lines, and what is said of them."""

from __future__ import annotations

import pytest
from django.utils.translation import override

from tests.directory.conftest import rows
from tests.directory.make import credit, fates, imported, said, table
from xinglin.kernel.actor import Actor
from xinglin.kernel.errors import Fault, Kind

_CHECKED = "The last character is a check: it should be %s, not %s. It or another is mistyped."
_LEVELS = (
    "四级 is not in the table; it has codes such as "
    "1 三级特等, 2 三级甲等, 3 三级乙等, 4 三级丙等, 5 二级甲等, 6 二级乙等."
)
_ENDING = " End that first: a line with its first day and the day from which it no longer holds."
INSTITUTIONS = ["统一社会信用代码", "机构名称", "机构类别", "机构级别", "行政区划代码", "上级机构代码"]


@pytest.fixture(autouse=True)
def _english():
    with override("en"):
        yield


@pytest.fixture
def divided(directory, tmp_path):
    """A small tree of divisions."""
    path = table(
        tmp_path / "divisions.csv",
        ["区划代码", "名称", "上级区划代码"],
        ["45", "广西壮族自治区", ""],
        ["4598", "杏川市", ""],
        ["459802", "杏林区", "4598"],
        ["459802001", "东门街道", "459802"],
    )
    assert fates(imported("divisions", path)) == {"created": 4}
    return directory


def institution(serial, name, *, kind="A100", level="三级甲等", division="459802001", parent=""):
    return [credit(serial), name, kind, level, division, parent]


def test_institutions_are_created_and_a_second_time_nothing_changes(divided, tmp_path):
    path = table(
        tmp_path / "i.csv",
        INSTITUTIONS,
        institution(1, "第一医院"),
        institution(2, "分院", kind="综合医院", parent=credit(1)),
    )

    assert fates(imported("institutions", path)) == {"created": 2}
    assert fates(imported("institutions", path)) == {"unchanged": 2}

    assert rows("SELECT name, category, level, division, parent FROM directory_entry WHERE kind = 'institution'"
                " ORDER BY name") == [
        ("分院", "A100", "2", 459802001000, f"Organization/org-{credit(1).lower()}"),
        ("第一医院", "A100", "2", 459802001000, None),
    ]  # fmt: skip
    stored = divided.read("Organization", f"org-{credit(2).lower()}")
    assert stored.version == 1
    assert stored.resource["identifier"] == [{"system": "urn:oid:2.16.156.10011.1.5", "value": credit(2)}]


def test_a_dry_run_writes_nothing(divided, tmp_path):
    path = table(tmp_path / "i.csv", INSTITUTIONS, institution(1, "第一医院"))

    tally = imported("institutions", path, dry=True)

    assert fates(tally) == {"created": 1}
    assert rows("SELECT count(*) FROM directory_entry WHERE kind = 'institution'") == [(0,)]


def test_bad_lines_are_told_with_line_and_column_and_nothing_is_written(divided, tmp_path):
    wrong_check = credit(3)[:17] + ("0" if credit(3)[17] != "0" else "1")
    path = table(
        tmp_path / "i.csv",
        INSTITUTIONS,
        institution(1, "第一医院"),
        [wrong_check, "第二医院", "A100", "", "459802001", ""],
        institution(4, "第三医院", kind="Z999"),
        institution(5, "第四医院", division="459803"),
        institution(6, "", level="四级"),
        institution(1, "又是第一医院"),
        institution(7, "第五医院", parent="45540175X"),
    )

    tally = imported("institutions", path)

    assert said(tally) == [
        (3, "A", _CHECKED % (credit(3)[17], wrong_check[17])),
        (4, "C", "Z999 is not in the table; it has codes such as Z1 业务处室, Z100 业务处室."),
        (5, "E", "No division with this code is in the directory or in the lines above."),
        (6, "B", "This is needed."),
        (6, "D", _LEVELS),
        (7, "", "The same stands in line 2 already."),
        (8, "F", "No institution with this code is in the directory or in the lines above."),
    ]  # fmt: skip
    assert fates(tally) == {"created": 1, "bad": 6}
    assert rows("SELECT count(*) FROM directory_entry WHERE kind = 'institution'") == [(0,)]


def test_good_lines_alone_are_written_if_one_says_so(divided, tmp_path):
    path = table(
        tmp_path / "i.csv", INSTITUTIONS, institution(1, "第一医院"), institution(2, "第二医院", kind="?")
    )

    tally = imported("institutions", path, good_only=True)

    assert fates(tally) == {"created": 1, "bad": 1}
    assert rows("SELECT name FROM directory_entry WHERE kind = 'institution'") == [("第一医院",)]


def test_a_line_that_leans_on_a_bad_one_is_bad(divided, tmp_path):
    path = table(
        tmp_path / "i.csv",
        INSTITUTIONS,
        institution(1, "第一医院", kind="?"),
        institution(2, "分院", parent=credit(1)),
    )

    assert said(imported("institutions", path))[1] == (3, "F", "Line 2, which this refers to, is wrong.")


def test_institutions_cannot_be_put_in_a_circle(divided, tmp_path):
    path = table(
        tmp_path / "i.csv", INSTITUTIONS, institution(1, "总院"), institution(2, "分院", parent=credit(1))
    )
    imported("institutions", path)

    circle = table(tmp_path / "c.csv", INSTITUTIONS, institution(1, "总院", parent=credit(2)))
    tally = imported("institutions", circle)

    assert said(tally) == [(2, "F", "It would be a part of itself: the parent is a part of it.")]
    assert rows("SELECT name, parent FROM directory_entry WHERE name = '总院' AND kind = 'institution'") == [
        ("总院", None)
    ]


def test_departments_people_services_places_beds_and_equipment(divided, tmp_path):
    one = credit(1)
    imported("institutions", table(tmp_path / "i.csv", INSTITUTIONS, institution(1, "第一医院")))
    files = {
        "departments": (["机构代码", "科室代码", "科室名称", "诊疗科目", "上级科室代码"],
                        [one, "03", "内科", "内科", ""], [one, "0301", "心血管内科", "03", "03"]),
        "practitioners": (["机构代码", "科室代码", "姓名", "性别", "工号", "护士执业证书编号", "执业证书有效期止",
                           "岗位", "专业技术职务"],
                          [one, "0301", "覃美玲", "女", "n1", "201545001234", "2025-04-30", "护士", "4"],
                          [one, "03", "覃美玲", "女", "n1", "201545001234", "2025-04-30", "护士", "4"]),
        "places": (["机构代码", "场所代码", "场所名称", "场所类别", "上级场所代码"],
                   [one, "B1", "住院楼", "楼", ""], [one, "W3", "三病区", "wa", "B1"]),
        "beds": (["机构代码", "床号", "病区或房间代码", "床位状态"], [one, "3-01", "w3", "空床"]),
        "services": (["机构代码", "服务代码", "服务名称", "服务类别", "科室代码", "是否需预约"],
                     [one, "S1", "心内科门诊", "门诊", "0301", "是"]),
        "equipment": (["机构代码", "设备编号", "设备名称", "设备类别", "场所代码"], [one, "E1", "64排CT", "CT", "B1"]),
    }  # fmt: skip
    for kind, lines in files.items():
        path = table(tmp_path / f"{kind}.csv", *lines)
        assert (kind, said(imported(kind, path)), fates(imported(kind, path))) == (
            kind, [], {"unchanged": len(lines) - 1}
        )  # fmt: skip

    assert rows("SELECT kind, count(*), count(institution) FROM directory_entry GROUP BY 1 ORDER BY 1") == [
        ("bed", 1, 1), ("department", 2, 2), ("division", 4, 0), ("equipment", 1, 1), ("institution", 1, 1),
        ("place", 2, 2), ("practitioner", 1, 0), ("service", 1, 1), ("site", 1, 1),
    ]  # fmt: skip
    assert rows("SELECT count(*), count(DISTINCT practitioner) FROM directory_role") == [(2, 1)]


def test_a_wrong_reference_inside_an_institution_is_told(divided, tmp_path):
    one = credit(1)
    imported("institutions", table(tmp_path / "i.csv", INSTITUTIONS, institution(1, "第一医院")))
    path = table(
        tmp_path / "p.csv",
        ["机构代码", "科室代码", "姓名", "工号", "执业证书有效期起", "执业证书有效期止", "任职起"],
        [one, "99", "甲", "1", "", "", ""],
        ["nowhere", "99", "乙", "2", "", "", ""],
        [one, "", "丙", "3", "2020-01-01", "2019-01-01", "2020-13-01"],
        [one, "", "丁", "", "", "", ""],
    )

    assert said(imported("practitioners", path)) == [
        (2, "B", "The institution has no department with this code."),
        (3, "A", "No institution with this code is in the directory or in the lines above."),
        (4, "G", "There is no such day as 2020-13-01."),
        (4, "F", "This is before 2020-01-01."),
        (4, "E", "Days of validity need the number of the practice certificate."),
        (5, "D", "Needed to know a person again: a certificate, identity or staff number."),
    ]


def test_divisions_are_renamed_split_and_merged_with_their_days(divided, tmp_path):
    head = ["区划代码", "名称", "上级区划代码", "生效日期", "失效日期", "变更后代码", "变更类别"]
    path = table(
        tmp_path / "d.csv",
        head,
        ["459802001", "东门街道", "459802", "", "2020-01-01", "", ""],
        ["459802001", "东门新街道", "459802", "2020-01-01", "2024-01-01", "459802002;459802003", "拆分为"],
        ["459802002", "东门一街道", "459802", "2024-01-01", "", "", ""],
        ["459802003", "东门二街道", "459802", "2024-01-01", "", "", ""],
    )

    assert (said(imported("divisions", path)), fates(imported("divisions", path))) == ([], {"unchanged": 4})

    assert rows("SELECT name, lower(period)::text, upper(period)::text FROM directory_division"
                " WHERE code = 459802001000 ORDER BY period") == [
        ("东门街道", None, "2020-01-01"), ("东门新街道", "2020-01-01", "2024-01-01"),
    ]  # fmt: skip
    assert rows("SELECT former, latter, day::text, kind FROM directory_succession ORDER BY latter") == [
        (459802001000, 459802002000, "2024-01-01", "split"),
        (459802001000, 459802003000, "2024-01-01", "split"),
    ]
    assert rows("SELECT status FROM directory_entry WHERE id = 'division-459802001'") == [("inactive",)]


def test_overlapping_days_wrong_parents_and_unknown_codes_are_told(divided, tmp_path):
    path = table(
        tmp_path / "d.csv",
        ["区划代码", "名称", "上级区划代码", "生效日期", "失效日期", "变更后代码"],
        ["459802001", "新名", "459802", "2020-01-01", "", ""],
        ["459802009", "甲", "459802001", "", "", ""],
        ["459802008", "乙", "459899", "", "", ""],
        ["459802007", "丙", "459802", "2020-01-01", "2019-01-01", ""],
        ["45980200", "丁", "", "", "", ""],
        ["459802006", "戊", "", "", "", "459802006"],
        ["459802005", "己", "", "", "2010-01-01", ""],
        ["459802005", "庚", "", "2009-06-01", "", ""],
    )

    assert said(imported("divisions", path)) == [
        (2, "D", "From … to before … the code means 东门街道." + _ENDING),
        (3, "C", "459802001 is not above 459802009: a parent's code has fewer digits that are not zero."),
        (4, "C", "No division with this code is in the directory or in the lines above."),
        (5, "E", "It would end on 2019-01-01, but begins only on 2020-01-01."),
        (6, "A", "A division code has 2, 4, 6, 9 or 12 digits; this has 8."),
        (7, "E", "Successors need the day from which the code no longer holds."),
        (7, "F", "A code cannot be its own successor."),
        (9, "D", "From … to before 2010-01-01 the code means 己." + _ENDING),
    ]  # fmt: skip


def test_only_editors_may_import(divided, tmp_path):
    path = table(tmp_path / "i.csv", INSTITUTIONS, institution(1, "第一医院"))

    with pytest.raises(Fault) as refused:
        imported("institutions", path, actor=Actor("d", "医生", frozenset({"doctor"})))

    assert refused.value.kind is Kind.FORBIDDEN
    assert rows("SELECT count(*) FROM directory_entry WHERE kind = 'institution'") == [(0,)]


def test_the_demonstrations_institutions_are_known_again(region, tmp_path):
    known = rows("SELECT value, name FROM directory_entry JOIN directory_code USING (type, id)"
                 " WHERE id = 'xc-h01' AND scheme = 'uscc'")[0]  # fmt: skip
    path = table(tmp_path / "i.csv", ["统一社会信用代码", "机构名称", "机构类别", "机构级别", "行政区划代码"],
                 [known[0], known[1], "A100", "2", "459802001001"])  # fmt: skip

    assert fates(imported("institutions", path)) == {"unchanged": 1}


def test_staff_numbers_of_several_institutions_stand_side_by_side(divided, tmp_path):
    imported(
        "institutions",
        table(tmp_path / "i.csv", INSTITUTIONS, institution(1, "总院"), institution(2, "分院")),
    )
    head = ["机构代码", "姓名", "工号", "护士执业证书编号"]
    path = table(
        tmp_path / "p.csv",
        head,
        [credit(1), "覃美玲", "n1", "201545001234"],
        [credit(2), "覃美玲", "b7", "201545001234"],
    )

    assert (said(imported("practitioners", path)), fates(imported("practitioners", path))) == (
        [],
        {"unchanged": 2},
    )

    assert rows("SELECT value, within FROM directory_code WHERE scheme = 'staff' ORDER BY value") == [
        ("B7", f"Organization/org-{credit(2).lower()}"),
        ("N1", f"Organization/org-{credit(1).lower()}"),
    ]
    other = table(tmp_path / "o.csv", head[:3], [credit(2), "另一人", "N1"])
    assert fates(imported("practitioners", other)) == {"created": 1}


def test_codes_of_different_institutions_in_one_line_are_told(divided, tmp_path):
    head = [*INSTITUTIONS, "平台机构代码"]
    imported(
        "institutions",
        table(
            tmp_path / "i.csv",
            head,
            [*institution(1, "甲院"), "J1"],
            [*institution(2, "乙院"), "Y2"],
        ),
    )
    mixed = table(tmp_path / "m.csv", head, [*institution(1, "甲院"), "Y2"])

    assert said(imported("institutions", mixed)) == [
        (2, "", "The codes of this line belong to several: 甲院, 乙院. Mend them, or that, first.")
    ]

"""A dialect of rows, a sender, and a mapping of laboratory results as most tests need them."""

from __future__ import annotations

from xinglin.exchange.doors import Door, Sender
from xinglin.exchange.mapping.dialects import Dialect, Group, Json, Row, Rows

HEADINGS = ["患者", "姓名", "性别", "出生日期", "报告", "项目", "结果", "单位"]
ROWS = Rows({name: at for at, name in enumerate(HEADINGS)}, HEADINGS)
DIALECTS: dict[str, Dialect] = {"table": ROWS, "fhir": Json("fhir")}
SENDER = Sender(7, "h01", "Test hospital", "org-1", frozenset(Door))

HEAD = '[mapping]\nid = "x"\nversion = "1"\ndoor = "table"\nkinds = ["K"]\n'

LABORATORY = (
    HEAD
    + """
[tables.sex]
"1" = "male"
"2" = "female"
[let]
number = "患者 | trim"
[[resource]]
type = "Patient"
key = ["$number"]
[resource.set]
"identifier[0]" = "$number | identifier(patient)"
"name[0].text" = "姓名"
"gender" = "性别 | table(sex)"
"birthDate" = "出生日期 | date"
[[resource]]
type = "Observation"
for_each = "rows"
when = "结果 | exists"
key = ["报告", "项目"]
[resource.set]
"status" = "'final'"
"category[0].coding[0].code" = "'laboratory'"
"code.coding[0].system" = "'urn:x'"
"code.coding[0].code" = "项目"
"code.text" = "项目"
"subject" = "@ref(Patient, ^患者)"
"valueQuantity" = "结果 | quantity(单位)"
"""
)


def group(*rows: list[str]) -> Group:
    """Rows with numbers as in a file with one line of headings."""
    return Group([Row(number, cells) for number, cells in enumerate(rows, start=2)])


GOOD = ["p1", "张三", "1", "19800102", "r1", "K", "5.40", "mmol/L"]

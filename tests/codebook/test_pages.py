"""What the pages of codes show."""

from __future__ import annotations

import csv
import html
import io
import json
import re
from urllib.parse import quote

import pytest

from tests.terminology import make

ICD = quote(make.ICD)
PAGES = (
    "/codes/",
    "/codes/?q=gxy",
    "/codes/?kind=sets",
    "/codes/?kind=maps",
    f"/codes/system/?url={ICD}",
    f"/codes/system/?url={ICD}&version=1&q=gxy",
    f"/codes/children/?url={ICD}&code=I10-I15",
    f"/codes/concept/?system={ICD}&code=I10",
    "/codes/set/?url=urn:test:hypertension",
    "/codes/set/?url=urn:test:hypertension&q=xzb",
    "/codes/map/?url=urn:test:map",
    f"/codes/compare/?url={ICD}&old=1&new=2",
    "/codes/find/?q=gxy",
)


def text(answer) -> str:
    """What a page says, without markup."""
    said = re.sub(r"<script.*?</script>|<[^>]*>", " ", answer.content.decode(), flags=re.DOTALL)
    return " ".join(html.unescape(said).split())


def codes(answer) -> list[str]:
    return [html.unescape(one) for one in re.findall(r'data-code="([^"]*)"', answer.content.decode())]


@pytest.mark.parametrize("page", PAGES)
def test_pages_need_signing_in(shelved, client, page):
    assert client.get(page).status_code == 302


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_pages_are_there_in_both_languages(doctor, page, language):
    doctor.cookies["django_language"] = language

    assert doctor.get(page).status_code == 200


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("gxy", ["I10-I15", "I10", "I11", "I12", "I11.0", "I11.9"]),
        ("高血压", ["I10", "I10-I15", "I12", "I11", "I11.0", "I11.9"]),
        ("gaoxueyax", ["I11", "I11.0", "I11.9"]),
        ("I11", ["I11", "I11.0", "I11.9"]),
        ("i11.0", ["I11.0"]),
        ("essential", ["I10"]),
        ("hyper ess", ["I10"]),
        ("xlsj", ["I11.0", "I11.9"]),
        ("e11", []),
    ],
)
def test_a_code_is_found_by_what_is_typed(doctor, typed, found):
    assert sorted(codes(doctor.get(f"/codes/find/?q={quote(typed)}"))) == sorted(found)


def test_the_likeliest_comes_first_and_is_marked(doctor):
    answer = doctor.get("/codes/find/?q=gxyb")

    assert codes(answer)[0] == "I10-I15"
    assert "<mark>高血压病</mark>" in answer.content.decode()


def test_only_members_of_a_value_set_are_offered(doctor):
    answer = doctor.get("/codes/find/?q=gxy&set=urn:test:hypertension&pick=1")

    assert "I11.9" not in codes(answer)  # no longer used
    assert {"I10", "I11.0", "I12"} <= set(codes(answer))


def test_nothing_found_says_what_to_do(doctor):
    assert "没有找到编码" in text(doctor.get("/codes/find/?q=zzzz"))


def test_a_concept_shows_its_place_its_maps_its_sets_and_its_past(doctor):
    said = text(doctor.get(f"/codes/concept/?system={ICD}&code=I10"))

    for part in ("Essential (primary) hypertension", "没有明确病因的血压升高", "I10-I15 高血压病", "BNG", "疾病对照",
                 "高血压类疾病", "equivalent"):  # fmt: skip
        assert part in said


def test_another_version_shows_what_the_code_was_called_then(doctor):
    said = text(doctor.get(f"/codes/concept/?system={ICD}&code=I11"))

    assert "高血压心脏病" in said
    assert "高血压性心脏病" in said


def test_versions_are_compared(doctor):
    answer = doctor.get(f"/codes/compare/?url={ICD}&old=1&new=2&form=csv")

    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert rows == [
        ["difference", "code", "before", "after"],
        ["renamed", "I11", "高血压性心脏病", "高血压心脏病"],
        ["retired", "I11", "高血压性心脏病", "高血压心脏病"],
        ["removed", "E11", "2型糖尿病", ""],
        ["added", "I12", "", "高血压肾脏病"],
    ]


def test_a_code_system_is_taken_away_and_reads_back_the_same(doctor):
    as_csv = doctor.get(f"/codes/export/?what=system&url={ICD}&version=1&form=csv").content
    as_json = doctor.get(f"/codes/export/?what=system&url={ICD}&version=1&form=json").content

    from xinglin.fhir.validation import check
    from xinglin.terminology import resources, sheets

    resource = json.loads(as_json)
    assert check(resource) == []
    read = resources.of_resource(resource, "x")
    table = sheets.concepts(sheets.read("x.csv", as_csv, ("code", "display")))
    wanted = [(one.code, one.display, one.parents, one.inactive) for one in make.diseases()]
    assert [(one.code, one.display, one.parents, one.inactive) for one in read.concepts] == wanted
    assert [(one.code, one.display, one.parents, one.inactive) for one in table] == wanted


@pytest.mark.parametrize(("what", "url"), [("set", "urn:test:hypertension"), ("map", "urn:test:map")])
def test_value_sets_and_maps_are_taken_away(doctor, what, url):
    from xinglin.fhir.validation import check

    as_csv = doctor.get(f"/codes/export/?what={what}&url={url}&form=csv").content.decode("utf-8-sig")
    as_json = json.loads(doctor.get(f"/codes/export/?what={what}&url={url}&form=json").content)

    assert "I10" in as_csv
    assert check(as_json) == []


@pytest.mark.parametrize(
    ("page", "status", "said"),
    [
        ("/codes/system/?url=urn:nix", 404, "此处没有代码系统 urn:nix。"),
        ("/codes/set/?url=urn:nix", 404, "此处没有值集 urn:nix。"),
        ("/codes/map/?url=urn:nix", 404, "此处没有映射 urn:nix。"),
        (f"/codes/concept/?system={ICD}&code=nix", 404, "nix 不是 urn:test:icd|2 的编码。"),
        ("/codes/system/", 400, "地址中缺少 url。"),
    ],
)
def test_what_is_not_there_is_said(doctor, page, status, said):
    answer = doctor.get(page)

    assert answer.status_code == status
    assert said in text(answer)


def test_a_tree_is_read_branch_by_branch(doctor):
    answer = doctor.get(f"/codes/children/?url={ICD}&code=I10-I15")

    assert re.findall(r'xl-mono">([^<]*)<', answer.content.decode()) == ["I10", "I11", "I12"]


@pytest.mark.parametrize(
    ("chosen", "said"),
    [
        ("code=urn:test:icd|I12", "高血压肾脏病 urn:test:icd|I12"),
        ("code_typed=I12", "高血压肾脏病 urn:test:icd|I12"),
        ("code_typed=gxyszb", "高血压肾脏病 urn:test:icd|I12"),
        ("code_typed=gxy", "“gxy”对应多个编码"),
        ("code_typed=zzz", "“zzz”没有对应的编码"),
        ("code=urn:test:icd|E11", "urn:test:icd|E11 不在可选编码之中"),
    ],
)
def test_a_form_takes_what_was_chosen_or_typed(doctor, chosen, said):
    assert said in text(doctor.get(f"/codes/set/?url=urn:test:hypertension&{chosen}"))


def test_what_is_called_exactly_so_comes_first_and_what_is_out_of_use_last(doctor):
    found = codes(doctor.get("/codes/find/?q=gaoxueya"))

    assert (found[0], set(found[-2:])) == ("I10", {"I11", "I11.9"})


def test_titles_are_shown_page_by_page_and_every_one_once(doctor, shelved, monkeypatch):
    from xinglin.codebook import queries

    more = [make.value_set(f"urn:test:{n}", {"system": make.ICD}, origin=f"file:{n}") for n in range(4)]
    make.keep(shelved, *more)
    whole = re.findall(r'<small class="xl-mono">([^<]*)', doctor.get("/codes/?kind=sets").content.decode())
    monkeypatch.setattr(queries, "PAGE", 1)
    shown, address = [], "/codes/?kind=sets"
    while address:
        page = doctor.get(address).content.decode()
        shown += re.findall(r'<small class="xl-mono">([^<]*)', page)
        further = re.search(rf'href="([^"]*offset={len(shown)})"', page)
        address = html.unescape(further[1]) if further else None

    assert shown == whole
    assert len(whole) == 5

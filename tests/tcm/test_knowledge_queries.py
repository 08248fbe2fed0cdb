"""Finding by name, pinyin, effect and signs; what is said of a term; what decisions may use."""

from __future__ import annotations

import json

import pytest

from xinglin.kernel import clock
from xinglin.tcm.knowledge import drawing, herbs, loading, queries, searching
from xinglin.tcm.knowledge.models import Entry, Fact, Name, Term

pytestmark = pytest.mark.usefixtures("knowledge")


def named(hits: list[searching.Hit]) -> list[str]:
    return [hit.term.name for hit in hits]


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("黄芪", "黄芪"),
        ("huangqi", "黄芪"),
        ("danggu", "当归"),
        ("chuanxiong", "川芎"),
        ("maht", "麻黄汤"),
        ("mahuangtang", "麻黄汤"),
        ("ST36", "足三里"),
        ("zusanli", "足三里"),
        ("feishu", "肺俞"),
        ("丹皮", "牡丹皮"),
        ("表虚证", "表虚证"),
        ("银翘散", "银翘散"),
    ],
)
def test_what_is_typed_finds_what_is_meant_first(typed: str, first: str) -> None:
    assert named(searching.by_name(typed))[0] == first


@pytest.mark.parametrize("typed", ["", "   ", "zzzzqq", "没有这样的药", "%", "'; --"])
def test_what_means_nothing_finds_nothing(typed: str) -> None:
    assert searching.by_name(typed) == []


def test_a_kind_narrows_what_is_found() -> None:
    assert named(searching.by_name("zsl", kind="point"))[0] == "足三里"
    assert {hit.term.kind for hit in searching.by_name("ht", kind="herb")} == {"herb"}


def test_a_name_of_several_things_finds_all_and_says_so() -> None:
    hits = searching.by_name("一口血")

    assert {(hit.term.name, hit.unclear) for hit in hits} == {("四季青", True), ("拳参", True)}
    assert {term.name for term in queries.meanings("一口血")} == {"四季青", "拳参"}


def test_a_clear_name_means_one_thing() -> None:
    assert [term.name for term in queries.meanings("黄芪")] == ["黄芪"]
    assert [term.name for term in queries.meanings("丹皮", ("herb", "piece"))] == ["牡丹皮"]
    assert queries.meanings("没有") == []


def test_effects_find_herbs_and_formulas_that_have_most_of_them() -> None:
    hits = searching.by_effect("发汗解表 宣肺平喘")

    assert "麻黄汤" in named(hits[:3])
    assert hits[0].matched == ("发汗解表", "宣肺平喘")


def test_signs_find_syndromes_and_formulas_that_show_most_of_them() -> None:
    hits = searching.by_signs("恶寒发热，脉浮紧", kind="formula")

    assert "麻黄汤" in named(hits)
    assert {len(hit.matched) for hit in hits[:2]} == {2}


def test_a_formula_says_its_composition_in_order() -> None:
    found = queries.meanings("麻黄汤")[0]

    groups = {group.predicate.id: group for group in queries.said_of(found)}

    assert [fact.value for fact in groups["contains"].facts] == ["麻黄", "桂枝", "燀苦杏仁", "炙甘草"]
    assert [term.name for term in groups["contains"].terms] == ["麻黄", "桂枝", "苦杏仁", "炙甘草"]
    assert [term.name for term in groups["from-classic"].terms] == ["伤寒论"]


def test_a_herb_is_led_to_by_its_formulas() -> None:
    herb = queries.meanings("麻黄")[0]

    groups = {group.predicate.id: group for group in queries.pointing_at(herb)}

    assert "麻黄汤" in {term.name for term in groups["contains"].terms}
    assert groups["contains"].total >= len(groups["contains"].facts)


def test_the_web_draws_both_sides_with_links_and_no_style() -> None:
    found = queries.meanings("麻黄汤")[0]
    web = drawing.web(found, queries.said_of(found), queries.pointing_at(found), english=False)

    herb = queries.meanings("桂枝")[0]
    assert web is not None
    assert f'href="/tcm/term/{herb.id}/"' in web
    assert "style=" not in web
    assert "组成" in web


def test_a_term_that_leads_nowhere_has_no_web() -> None:
    lonely = Term.objects.create(id="X1", kind="effect", name="孤")

    assert drawing.web(lonely, queries.said_of(lonely), queries.pointing_at(lonely), english=True) is None


def test_decisions_use_no_disputed_and_no_withdrawn_fact() -> None:
    before = queries.deciding("dose", kind="herb")
    Fact.objects.filter(id=before[0].fact.id).update(state="disputed")
    Fact.objects.filter(id=before[1].fact.id).update(state="withdrawn")

    after = {ground.fact.id for ground in queries.deciding("dose", kind="herb")}

    assert {ground.fact.id for ground in before} - after == {before[0].fact.id, before[1].fact.id}


def test_decisions_may_stop_for_the_pharmacopoeia_and_only_remark_for_a_table() -> None:
    grounds = queries.deciding("dose", kind="herb")

    assert {ground.fact.basis for ground in grounds if ground.may_stop} == {"chp"}
    assert "literature" in {ground.fact.basis for ground in grounds if not ground.may_stop}


def test_decisions_use_no_entry_of_another_medicine_that_is_not_verified() -> None:
    assert Entry.objects.filter(tradition="zhuang").count() > 0
    assert list(queries.deciding_entries("zhuang")) == []
    Entry.objects.filter(tradition="zhuang", code="zh-x-thread").update(state="reviewed")

    assert [entry.code for entry in queries.deciding_entries("zhuang")] == ["zh-x-thread"]


def test_loading_again_changes_nothing() -> None:
    counted = (Fact.objects.count(), Name.objects.count(), Term.objects.count())

    assert loading.load(now=clock.now()) == loading.Loaded()
    done = loading.load(now=clock.now(), again=True)

    assert (done.added, done.retired) == (0, 0)
    assert (Fact.objects.count(), Name.objects.count(), Term.objects.count()) == counted


def test_a_fact_that_is_no_longer_shipped_ends_and_one_that_was_changed_here_stays() -> None:
    some = Fact.objects.filter(predicate="dose").first()
    assert some is not None
    gone = Fact.objects.create(
        line="a" * 32, term=some.term, predicate="nature", value="温", source=some.source, basis="chp",
        confidence="likely", since=clock.now(),
    )  # fmt: skip
    Fact.objects.filter(id=some.id).update(current=False)
    mended = Fact.objects.create(
        line=some.line, version=2, term=some.term, predicate="dose", value="1–2g", source=some.source, basis="chp",
        confidence="likely", since=clock.now(),
    )  # fmt: skip

    done = loading.load(now=clock.now(), again=True)

    assert (done.added, done.retired) == (0, 1)
    gone.refresh_from_db()
    mended.refresh_from_db()
    some.refresh_from_db()
    assert (gone.current, mended.current, some.current) == (False, True, False)


def test_what_a_release_says_anew_of_where_a_fact_is_from_is_taken_over() -> None:
    fact = Fact.objects.filter(predicate="dose", basis="chp").first()
    assert fact is not None
    Fact.objects.filter(id=fact.id).update(locator="somewhere", confidence="unsure")

    loading.load(now=clock.now(), again=True)

    fact_now = Fact.objects.get(id=fact.id)
    assert (fact_now.locator, fact_now.confidence) == (fact.locator, fact.confidence)


def test_the_list_of_herbs_has_dose_decoction_and_other_names() -> None:
    said = json.loads(herbs.index(herbs.standing()))
    by_name = {row[1]: row for row in said["herbs"]}

    code, _, pinyin, low, high, decoction, aliases = by_name["附子"]
    assert (code, pinyin, low, high, decoction) == (
        queries.meanings("附子")[0].id, "fu zi", 3, 15, "先煎"
    )  # fmt: skip
    others = by_name["牡丹皮"][6]
    assert others[others.index("丹皮") + 1] == "dp"
    assert "?一口血" in by_name["拳参"][6]
    assert len(aliases) % 2 == 0


def test_the_list_has_a_new_version_once_a_fact_is_new() -> None:
    before = herbs.standing()
    fact = Fact.objects.filter(predicate="dose").first()
    assert fact is not None
    fact.pk, fact.version, fact.current = None, 9, False
    fact.save()

    assert herbs.standing() != before

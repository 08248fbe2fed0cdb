from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from xinglin.fhir.index import extractor, keys
from xinglin.terminology.pinyin import MOST_READINGS, name_keys, readings, split

HAN = st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5)
NAMES = st.text(st.one_of(HAN, st.sampled_from("·• Aa-1ü吕单长乐")), max_size=8)


@pytest.mark.parametrize(
    ("name", "spellings"),
    [
        ("张三", ("zhangsan", "zhang san", "zs", "张 三")),
        ("张三丰", ("zhangsanfeng", "zhang san feng", "zhang sanfeng", "zsf", "张 三丰")),
        ("张", ("zhang", "z")),
        ("李重庆", ("lichongqing", "li chong qing", "li chongqing", "lcq")),
        ("Ｔom 张", ("tomzhang", "tom zhang", "tz")),
        ("张Ben", ("zhangben", "zhang ben", "zb")),
        (
            "阿依古丽·买买提",
            (
                "ayigulimaimaiti",
                "a yi gu li mai mai ti",
                "ayiguli maimaiti",
                "ayglmmt",
                "ayiguli",
                "maimaiti",
            ),
        ),
        ("John Smith", ()),
        ("", ()),
        (" · ", ()),
    ],
)
def test_name_keys_are_the_ways_to_type_a_name(name, spellings):
    assert name_keys(name)[: len(spellings)] == spellings
    assert bool(name_keys(name)) == bool(spellings)


@pytest.mark.parametrize(
    ("surname", "first", "second"),
    [
        ("单", "shan", "dan"),
        ("仇", "qiu", "chou"),
        ("曾", "zeng", None),
        ("解", "xie", None),
        ("区", "ou", "qu"),
        ("查", "zha", None),
        ("盖", "ge", "gai"),
        ("朴", "piao", "pu"),
        ("尉", "wei", "yu"),
        ("乐", "yue", "le"),
        ("覃", "qin", "tan"),
        ("翟", "zhai", "di"),
        ("缪", "miao", "mou"),
        ("员", "yun", "yuan"),
        ("任", "ren", None),
        ("华", "hua", None),
        ("欧阳", "ouyang", None),
        ("尉迟", "yuchi", None),
        ("万俟", "moqi", None),
        ("单于", "chanyu", None),
        ("长孙", "zhangsun", None),
        ("令狐", "linghu", None),
    ],
)
def test_surname_is_read_as_surname_first(surname, first, second):
    found = name_keys(surname + "明亮")
    whole = [key for key in found if " " not in key and key.endswith("mingliang")]

    assert whole == [f"{first}mingliang"] + ([f"{second}mingliang"] if second else [])


def test_given_name_is_read_in_each_way():
    assert {"liyuanle", "liyuanyue"} <= set(name_keys("李元乐"))
    assert [key for key in name_keys("欧阳娜娜") if " " not in key] == ["ouyangnana", "oynn", "ouyangnuonuo"]


def test_umlaut_is_spelt_in_each_way():
    assert [key for key in name_keys("吕布") if " " not in key] == ["lvbu", "lb", "lubu", "lyubu"]
    assert "linvxu" in name_keys("李女旭")
    assert "linuxu" in name_keys("李女旭")


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("张三丰", ("张", "三丰")),
        ("欧阳修", ("欧阳", "修")),
        ("欧阳", ("欧", "阳")),
        ("爱新觉罗溥仪", ("爱新觉罗", "溥仪")),
        ("司马", ("司", "马")),
        ("ben", ("ben", "")),
    ],
)
def test_split_finds_compound_surnames(name, parts):
    assert split(name) == parts


@pytest.mark.parametrize(
    "name",
    [
        {"family": "张", "given": ["三"]},
        {"text": "张三"},
        {"text": "张 三"},
        {"family": "张", "given": ["三"], "text": "张三"},
    ],
)
@pytest.mark.parametrize(
    "query",
    [
        "zhangsan",
        "zhang san",
        "zs",
        "张三",
        "张 三",
        "ZhangSan",
        "ZHANG  SAN",
        "Zhāng Sān",
        "张　三",
        "zhang",
    ],
)
def test_name_search_finds_a_chinese_name_however_typed(hashes_by, name, query):
    hashes_by(None)
    found = extractor("Patient", name_keys=name_keys)({"resourceType": "Patient", "name": [name]})
    texts = [text for key, text in found.strings if key == keys.key("Patient.name")]

    assert any(text.startswith(keys.normalise(query)) for text in texts)


@given(NAMES)
@example("长乐单长乐单行行都")
def test_name_keys_are_few_and_as_strings_are_compared(name):
    found = name_keys(name)

    assert len(set(found)) == len(found) <= 4 * 3 * MOST_READINGS + 1
    assert all(keys.normalise(key) == key for key in found)


@given(st.text(HAN, min_size=2, max_size=4))
def test_name_with_its_space_reads_as_without(name):
    surname, given_name = split(name)

    assert name_keys(f"{surname} {given_name}") == name_keys(name)


@given(st.text(HAN, min_size=1, max_size=4))
def test_keys_are_the_initials_and_joined_forms_of_the_spaced_ones(name):
    found = set(name_keys(name))
    latin = [key for key in found if key.isascii()]
    spaced = [key.split() for key in latin if len(key.split()) == len(name)]

    assert {"".join(syllables) for syllables in spaced} <= found
    assert {"".join(s[0] for s in syllables) for syllables in spaced} <= found


def test_table_of_readings_is_in_lower_case_letters():
    table = readings()
    syllables = [
        s for part in (table.surnames, table.compounds, table.given) for v in part.values() for s in v
    ]

    assert table.version == "2026.1"
    assert all(syllable.isascii() and syllable.isalpha() and syllable.islower() for syllable in syllables)
    assert all(len(name) == 1 for name in (*table.surnames, *table.given))
    assert all(len(name) == len(found) > 1 for name, found in table.compounds.items())

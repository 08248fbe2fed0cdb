"""Names taken apart and compared."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xinglin.identity import names
from xinglin.identity.names import NameLevel

CHARACTERS = st.sampled_from(
    sorted("王李张刘陈单曾区仇解查欧阳伟玮维强丽莉娜梅海已己东陈晓小明铭·之子女大 A龑䶮淼")
)
NAMES = st.text(CHARACTERS, min_size=0, max_size=5)


@pytest.mark.parametrize(
    ("a", "b", "level"),
    [
        ("王伟", "王伟", NameLevel.EXACT),
        ("王伟", " 王 伟 ", NameLevel.EXACT),
        ("張麗華", "张丽华", NameLevel.EXACT),
        ("阿依古丽·买买提", "阿依古丽•买买提", NameLevel.EXACT),
        ("阿依古丽·买买提", "阿依古丽・买买提", NameLevel.EXACT),
        ("阿依古丽·买买提", "阿依古丽.买买提", NameLevel.EXACT),
        ("阿依古丽·买买提", "阿依古丽买买提", NameLevel.EXACT),
        ("李\ue863", "李䶮", NameLevel.EXACT),
        ("李䶮", "李龑", NameLevel.SOUND),
        ("王伟", "王玮", NameLevel.SOUND),
        ("欧阳晓明", "欧阳小铭", NameLevel.SOUND),
        ("单丽", "善丽", NameLevel.SOUND),
        ("刘戊", "刘戌", NameLevel.SHAPE),
        ("王莹", "王萤", NameLevel.SOUND),
        ("陈玉", "陈王", NameLevel.SHAPE),
        ("李娜", "李拉", NameLevel.ACCENT),
        ("罗玲", "罗宁", NameLevel.ACCENT),
        ("王晓明", "王明晓", NameLevel.SWAPPED),
        ("王晓明", "王明", NameLevel.PART),
        ("阿依古丽·买买提", "阿依古丽", NameLevel.PART),
        ("买合木提·依明", "麦合木提·依明", NameLevel.SOUND),
        ("买合木提·依明", "买哈木提·依明", NameLevel.SPELT),
        ("王晓明", "王晓强", NameLevel.ONE_OTHER),
        ("王晓明", "赵晓明", NameLevel.GIVEN),
        ("王晓明", "王建国", NameLevel.SURNAME),
        ("王晓明", "赵建国", NameLevel.DIFFERENT),
        ("王伟", "", NameLevel.MISSING),
        ("Zhang Wei", "张伟", NameLevel.SOUND),
        ("Wei Zhang", "张伟", NameLevel.SOUND),
        ("John Smith", "Jon Smith", NameLevel.SPELT),
        ("José García", "Jose Garcia", NameLevel.EXACT),
        ("李梅之子", "李梅之子", NameLevel.NEWBORN),
        ("李梅之子", "王小明", NameLevel.NEWBORN),
        ("李梅之大女", "王小明", NameLevel.NEWBORN_TWIN),
    ],
)
def test_names_are_as_near_as_their_difference_is_usual(a, b, level):
    one, other = names.take_apart(a), names.take_apart(b)

    assert (names.compare(one, other), names.compare(other, one)) == (level, level)


def test_a_surname_and_a_given_name_may_have_been_exchanged():
    one = names.take_apart("", "Smith", "John")
    other = names.take_apart("", "John", "Smith")

    assert names.compare(one, other) == NameLevel.SWAPPED


@pytest.mark.parametrize(
    ("text", "mother", "order"),
    [
        ("李梅之子", "李梅", 0),
        ("李梅之女", "李梅", 0),
        ("李梅之女婴", "李梅", 0),
        ("李梅之大子", "李梅", 1),
        ("李梅之长女", "李梅", 1),
        ("李梅之小女", "李梅", 2),
        ("李梅之双胎A", "李梅", 1),
        ("李梅之双胞胎B", "李梅", 2),
        ("李梅之女（双B）", "李梅", 2),
        ("欧阳梅 之 子", "欧阳梅", 0),
        ("阿依古丽·买买提之女", "阿依古丽买买提", 0),
        ("李梅女婴", "李梅", 0),
        ("李梅BB", "李梅", 0),
    ],
)
def test_a_child_called_after_its_mother_has_no_name_yet(text, mother, order):
    parts = names.take_apart(text)

    assert (parts.name, parts.newborn_of, parts.order) == ("", mother, order)


@pytest.mark.parametrize("text", ["王之", "李之子", "王之焕", "张养之", "顾恺之"])
def test_names_with_the_character_of_newborns_are_names(text):
    assert names.newborn(text) is None


@pytest.mark.parametrize(
    ("text", "family", "surname", "given", "syllables"),
    [
        ("欧阳小明", "", "欧阳", "小明", ("ou", "yang", "xiao", "ming")),
        ("单雄信", "", "单", "雄信", ("shan", "xiong", "xin")),
        ("曾国", "", "曾", "国", ("zeng", "guo")),
        ("阿依古丽·买买提", "", "", "阿依古丽买买提", ("a", "yi", "gu", "li", "mai", "mai", "ti")),
        ("张小明", "张小", "张小", "明", ("zhang", "xiao", "ming")),
    ],
)
def test_a_name_is_split_and_read(text, family, surname, given, syllables):
    parts = names.take_apart(text, family)

    assert (parts.surname, parts.given, parts.syllables) == (surname, given, syllables)


@given(NAMES, NAMES)
def test_comparison_has_no_order(a, b):
    one, other = names.take_apart(a), names.take_apart(b)

    assert names.compare(one, other) == names.compare(other, one)


@given(NAMES)
def test_a_name_is_itself(a):
    parts = names.take_apart(a)

    assert names.compare(parts, parts) in {NameLevel.EXACT, NameLevel.MISSING, NameLevel.NEWBORN}


@pytest.mark.parametrize(
    ("a", "b", "likeness"),
    [
        ("martha", "marhta", 0.961),
        ("dixon", "dicksonx", 0.813),
        ("", "a", 0.0),
        ("abc", "abc", 1.0),
        ("a", "b", 0.0),
    ],
)
def test_jaro_winkler_gives_winklers_figures(a, b, likeness):
    assert round(names.jaro_winkler(a, b), 3) == likeness

"""Meridians and points, with the classes that points belong to."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tools.content.chinese_medicine.book import Origin
from tools.content.files import HERE, named_lines

if TYPE_CHECKING:
    from tools.content.chinese_medicine.book import Book

_POINTS = Origin("who-points", "national", "certain")
_CLASSES = Origin("textbook-points", "textbook")
_TRANSPORT = ("井穴", "荥穴", "输穴", "经穴", "合穴")


def gather(book: Book) -> None:
    for code, rest in named_lines(HERE / "tcm" / "acupoints.txt"):
        number = re.search(r"\d+$", code)
        if number is None:
            name, _, english = rest.partition(" | ")
            book.term("meridian", name, _POINTS.at(code), english=english, id_=code)
            book.fact(code, "code", _POINTS.at(code), value=code)
            continue
        name, _, pinyin = rest.partition(" ")
        meridian = code[: number.start()]
        book.term(
            "point", name, _POINTS.at(code), english=pinyin.title().replace(" ", ""), id_=code, pinyin=pinyin
        )
        book.fact(code, "code", _POINTS.at(code), value=code)
        book.fact(code, "on-meridian", _POINTS.at(code), object_=meridian, data={"order": int(number[0])})
    for code, rest in named_lines(HERE / "tcm" / "extra_points.txt"):
        name, _, pinyin = rest.partition(" ")
        at = _POINTS.at(code)
        book.term("point", name, at, english=pinyin.title().replace(" ", ""), id_=code, pinyin=pinyin)
        book.fact(code, "code", at, value=code)
        book.fact(code, "point-class", at, value="经外奇穴")
    for name, rest in named_lines(HERE / "tcm" / "point_classes.txt"):
        for place, code in enumerate(rest.split()):
            value = _TRANSPORT[place] if name == "五输" else name
            book.fact(code, "point-class", _CLASSES, value=value)

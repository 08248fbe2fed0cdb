"""The arithmetic of computed checks: numbers, letters that stand for columns, + - * / and brackets; nothing else."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from django.utils.translation import gettext_noop

from xinglin.quality.checks.language import wrong

if TYPE_CHECKING:
    from collections.abc import Mapping

    from xinglin.quality.checks.language import Asked

_TOKEN = re.compile(r"\s*(?:([a-z][a-z0-9_]*)|(\d+(?:\.\d+)?)|([-+*/()]))")


class Arithmetic:
    """A parser by descent: sums of products of numbers, letters and brackets; a divisor of 0 gives nothing."""

    def __init__(self, rule: Asked, given: str, letters: Mapping[str, str]) -> None:
        self._rule, self._given, self._letters, self._at = rule, given, letters, 0

    def read(self) -> str:
        found = self._sum()
        if self._given[self._at :].strip():
            raise self._fault()
        return found

    def _sum(self) -> str:
        left = self._product()
        while (sign := self._next("+-")) is not None:
            left = f"({left} {sign} {self._product()})"
        return left

    def _product(self) -> str:
        left = self._factor()
        while (sign := self._next("*/")) is not None:
            right = self._factor()
            left = f"({left} * {right})" if sign == "*" else f"({left} / nullif({right}, 0))"
        return left

    def _factor(self) -> str:
        token = _TOKEN.match(self._given, self._at)
        if token is None:
            raise self._fault()
        if token[1] and token[1] in self._letters:
            self._at = token.end()
            return self._letters[token[1]]
        if token[2]:
            self._at = token.end()
            return f"{token[2]}::double precision"
        if token[3] == "(":
            self._at = token.end()
            inside = self._sum()
            if self._next(")") is None:
                raise self._fault()
            return f"({inside})"
        raise self._fault()

    def _next(self, signs: str) -> str | None:
        token = _TOKEN.match(self._given, self._at)
        if token is None or token[3] is None or token[3] not in signs:
            return None
        self._at = token.end()
        return token[3]

    def _fault(self) -> Exception:
        while self._at < len(self._given) and self._given[self._at].isspace():
            self._at += 1
        return wrong(
            self._rule,
            gettext_noop(
                "%(place)s: the expression is wrong at character %(at)s: use numbers, + - * / (), %(allowed)s."
            ),
            at=self._at + 1, allowed=", ".join(self._letters),
        )  # fmt: skip

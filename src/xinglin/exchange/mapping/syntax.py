"""The expressions of a mapping: from text to a tree.

    expression  = "if" expression "then" expression "else" expression | condition
    condition   = comparison with "and", "or", "not"
    comparison  = piped [("=" | "!=" | "<" | "<=" | ">" | ">=") piped | "in" "(" piped {"," piped} ")"]
    piped       = joined {"|" function ["?"] ["(" arguments ")"]}
    joined      = atom {"+" atom}
    atom        = 'text' | number | true | false | $name | @builtin | function "(" arguments ")" | place
                | "(" expression ")"

A place is written as its dialect has it and ends at a blank or at one of ``, ) | + = ! < > ( ' "`` outside of square
brackets; in backticks it may hold any character. ``^`` before it starts one level further out, ``/`` at the message.
"""

from __future__ import annotations

import re

from xinglin.exchange.mapping.tree import (
    Both,
    Builtin,
    Call,
    Choice,
    Compared,
    Flag,
    Joined,
    Name,
    Negated,
    Number,
    OneOf,
    Place,
    SyntaxWrong,
    Text,
    Tree,
)  # fmt: skip

__all__ = ["BUILTINS", "SyntaxWrong", "parse"]

BUILTINS = frozenset({"ref", "id", "system", "sender", "organization", "received", "receipt_time"})
KEYWORDS = frozenset({"and", "or", "not", "if", "then", "else", "in", "true", "false"})
MOST_DEEP = 40

_BLANK = re.compile(r"\s*")
_NUMBER = re.compile(r"-?[0-9]+(?:\.[0-9]+)?(?![\w.\-/\[(])")
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_COMPARISON = re.compile(r"!=|<=|>=|=|<|>")
_PLACE_START = re.compile(r"[\w/.*^@`]")
_PLACE_ENDS = frozenset(" \t\r\n,)|+=!<>('\"")


def parse(text: str, functions: frozenset[str]) -> Tree:
    """The tree of an expression; raises SyntaxWrong."""
    return _Parser(text, functions).whole()


class _Parser:
    def __init__(self, text: str, functions: frozenset[str]) -> None:
        self.text = text
        self.functions = functions
        self.at = 0
        self.depth = 0

    def whole(self) -> Tree:
        tree = self.expression()
        if self.peek():
            self.unexpected()
        return tree

    # -- characters

    def peek(self) -> str:
        found = _BLANK.match(self.text, self.at)
        self.at = found.end() if found else self.at
        return self.text[self.at : self.at + 1]

    def unexpected(self) -> None:
        if self.at >= len(self.text):
            raise SyntaxWrong(self.at, "The expression ends too early.")
        before = self.text[: self.at].rstrip()
        if self.text[self.at] == "+" and "|" in before:
            raise SyntaxWrong(
                self.at, "Put brackets around what stands before “+”: pipes reach further than “+”."
            )
        raise SyntaxWrong(
            self.at, "“%(found)s” is not expected here.", found=self.text[self.at : self.at + 12]
        )

    def take(self, sign: str) -> None:
        if self.peek() != sign:
            raise SyntaxWrong(self.at, "“%(sign)s” is missing here.", sign=sign)
        self.at += 1

    def keyword(self, word: str) -> bool:
        """Step over a keyword if it stands here as a word of its own."""
        self.peek()
        found = _WORD.match(self.text, self.at)
        if found is None or found[0] != word:
            return False
        after = self.text[found.end() : found.end() + 1]
        if after and after not in _PLACE_ENDS:
            return False
        self.at = found.end()
        return True

    # -- grammar

    def expression(self) -> Tree:
        self.depth += 1
        if self.depth > MOST_DEEP:
            raise SyntaxWrong(self.at, "The brackets are nested too deeply.")
        self.peek()
        at = self.at
        if self.keyword("if"):
            condition = self.either()
            self.expect("then")
            then = self.expression()
            self.expect("else")
            tree: Tree = Choice(condition, then, self.expression(), at)
        else:
            tree = self.either()
        self.depth -= 1
        return tree

    def expect(self, word: str) -> None:
        if not self.keyword(word):
            raise SyntaxWrong(self.at, "“%(word)s” is missing: if … then … else ….", word=word)

    def either(self) -> Tree:
        tree = self.all()
        while True:
            self.peek()
            at = self.at
            if not self.keyword("or"):
                return tree
            tree = Both("or", tree, self.all(), at)

    def all(self) -> Tree:
        tree = self.negation()
        while True:
            self.peek()
            at = self.at
            if not self.keyword("and"):
                return tree
            tree = Both("and", tree, self.negation(), at)

    def negation(self) -> Tree:
        self.peek()
        at = self.at
        if self.keyword("not"):
            return Negated(self.negation(), at)
        return self.comparison()

    def comparison(self) -> Tree:
        left = self.piped()
        self.peek()
        at = self.at
        if self.keyword("in"):
            self.take("(")
            return OneOf(left, tuple(self.arguments()), at)
        found = _COMPARISON.match(self.text, self.at)
        if found is None:
            return left
        self.at = found.end()
        return Compared(found[0], left, self.piped(), at)

    def piped(self) -> Tree:
        tree = self.joined()
        while self.peek() == "|":
            self.at += 1
            self.peek()
            at = self.at
            found = _WORD.match(self.text, self.at)
            if found is None:
                raise SyntaxWrong(at, "The name of a function is missing after “|”.")
            self.at = found.end()
            is_mild = self.text.startswith("?", self.at)
            self.at += is_mild
            arguments: list[Tree] = []
            if self.peek() == "(":
                self.at += 1
                arguments = self.arguments()
            tree = Call(found[0], tree, tuple(arguments), at, is_mild)
        return tree

    def joined(self) -> Tree:
        self.peek()
        at = self.at
        parts = [self.atom()]
        while self.peek() == "+":
            self.at += 1
            parts.append(self.atom())
        return parts[0] if len(parts) == 1 else Joined(tuple(parts), at)

    def arguments(self) -> list[Tree]:
        """What stands in brackets whose first has been stepped over."""
        found: list[Tree] = []
        if self.peek() == ")":
            self.at += 1
            return found
        while True:
            found.append(self.expression())
            sign = self.peek()
            self.at += 1
            if sign == ")":
                return found
            if sign != ",":
                self.at -= 1
                raise SyntaxWrong(self.at, "“%(sign)s” is missing here.", sign=")")

    def atom(self) -> Tree:
        sign = self.peek()
        at = self.at
        if sign in {"'", '"'}:
            return self.quoted(sign)
        if sign == "(":
            self.at += 1
            tree = self.expression()
            self.take(")")
            return tree
        if sign == "$":
            return self.name()
        number = _NUMBER.match(self.text, at)
        if number is not None:
            self.at = number.end()
            return Number(number[0], at)
        for word, value in (("true", True), ("false", False)):
            if self.keyword(word):
                return Flag(value, at)
        if sign == "@" and (found := _WORD.match(self.text, at + 1)) and found[0] in BUILTINS:
            return self.builtin(found)
        return self.call_or_place()

    def quoted(self, quote: str) -> Tree:
        at = self.at
        self.at += 1
        pieces = []
        while True:
            end = self.text.find(quote, self.at)
            if end < 0:
                raise SyntaxWrong(at, "This text has no closing quote.")
            pieces.append(self.text[self.at : end])
            self.at = end + 1
            if not self.text.startswith(quote, self.at):
                return Text(quote.join(pieces), at)
            self.at += 1  # a doubled quote stands for one

    def name(self) -> Tree:
        at = self.at
        found = _WORD.match(self.text, at + 1)
        if found is None:
            raise SyntaxWrong(at, "A name is missing after “$”.")
        self.at = found.end()
        return Name(found[0], at)

    def builtin(self, found: re.Match[str]) -> Tree:
        at = self.at
        self.at = found.end()
        arguments: list[Tree] = []
        if self.text.startswith("(", self.at):
            self.at += 1
            arguments = self.arguments()
        return Builtin(found[0], tuple(arguments), at)

    def call_or_place(self) -> Tree:
        at = self.at
        word = _WORD.match(self.text, at)
        if word and word[0] in self.functions and self.text.startswith("(", word.end()):
            self.at = word.end() + 1
            arguments = self.arguments()
            if not arguments:
                raise SyntaxWrong(at, "%(name)s() needs something to work on.", name=word[0])
            return Call(word[0], arguments[0], tuple(arguments[1:]), at)
        if word and self.text.startswith("(", word.end()) and not self.text.startswith("()", word.end()):
            raise SyntaxWrong(at, "There is no function %(name)s.", name=word[0])
        if word and word[0] in KEYWORDS and self.at_end(word.end()):
            raise SyntaxWrong(at, "“%(found)s” is not expected here.", found=word[0])
        return self.place()

    def at_end(self, offset: int) -> bool:
        return offset >= len(self.text) or self.text[offset] in _PLACE_ENDS

    def place(self) -> Tree:
        at = self.at
        if not _PLACE_START.match(self.text, at):
            self.unexpected()
        up = 0
        while self.text.startswith("^", self.at):
            self.at += 1
            up += 1
        inside = self.at
        if self.text.startswith("`", self.at):
            end = self.text.find("`", self.at + 1)
            if end < 0:
                raise SyntaxWrong(self.at, "This place has no closing backtick.")
            self.at = end + 1
            return Place(self.text[inside + 1 : end], at, inside + 1, up)
        self.at = self._place_end(inside)
        path = self.text[inside : self.at]
        whole = path.startswith("/") and not up
        if whole:
            path, inside = path[1:], inside + 1
        return Place(path or ".", at, inside, up, whole)

    def _place_end(self, at: int) -> int:
        text, size = self.text, len(self.text)
        while at < size:
            sign = text[at]
            if sign == "[":
                at = self._bracket_end(at)
            elif sign == "(" and text.startswith("()", at):
                at += 2
            elif sign in _PLACE_ENDS:
                return at
            else:
                at += 1
        return at

    def _bracket_end(self, start: int) -> int:
        """Behind the closing bracket; brackets and quotes inside are respected."""
        depth, at, quote = 0, start, ""
        while at < len(self.text):
            sign = self.text[at]
            if quote:
                quote = "" if sign == quote else quote
            elif sign in {"'", '"'}:
                quote = sign
            elif sign in "[]":
                depth += 1 if sign == "[" else -1
                if not depth:
                    return at + 1
            at += 1
        raise SyntaxWrong(start, "“%(sign)s” is missing here.", sign="]")

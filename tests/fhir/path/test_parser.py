"""The tree, its text, and what the parser refuses."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xinglin.fhir.path import evaluate, parse, tree
from xinglin.kernel import errors

NAMES = st.one_of(
    st.sampled_from(["name", "given", "as", "is", "in", "contains", "div", "true", "day", "T", "e5", "_x"]),
    st.text(min_size=1, max_size=6),
)
TYPES = st.builds(tree.TypeName, NAMES, st.none() | NAMES)
NUMBERS = st.builds(
    tree.Number,
    st.integers(0, 10**12).map(str) | st.decimals(0, 10**6, allow_nan=False, places=4).map("{:f}".format),
)
LEAVES = st.one_of(
    st.just(tree.Empty()),
    st.booleans().map(tree.Boolean),
    st.text(max_size=8).map(tree.String),
    NUMBERS,
    st.builds(tree.Amount, NUMBERS, st.text(max_size=4)),
    st.builds(tree.Amount, NUMBERS, st.sampled_from(tree.CALENDAR_UNITS), st.just(value=True)),
    st.sampled_from(["2015", "2015-02T", "2015-02-04T14:34:28.123+10:00", "T14:30", "2015T"]).map(
        tree.Moment
    ),
    st.sampled_from(["this", "index", "total"]).map(tree.Special),
    NAMES.map(tree.External),
    st.builds(tree.Member, st.none(), NAMES),
)
OPERATORS = sorted(tree.PRECEDENCE.keys() - {"is", "as"})


def _grown(nodes: st.SearchStrategy[tree.Node]) -> st.SearchStrategy[tree.Node]:
    return st.one_of(
        st.builds(tree.Member, nodes, NAMES),
        st.builds(tree.Call, st.none() | nodes, NAMES, st.lists(nodes, max_size=3).map(tuple)),
        st.builds(tree.Indexer, nodes, nodes),
        st.builds(tree.Unary, st.sampled_from("+-"), nodes),
        st.builds(tree.Binary, st.sampled_from(OPERATORS), nodes, nodes),
        st.builds(tree.TypeTest, st.sampled_from(["is", "as"]), nodes, TYPES),
    )


@given(st.recursive(LEAVES, _grown, max_leaves=12))
def test_text_of_a_tree_parses_to_the_same_tree(node: tree.Node) -> None:
    assert parse(str(node)) == node


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1 + 2 * 3", "1 + 2 * 3"),
        ("(1 + 2) * 3", "(1 + 2) * 3"),
        ("((1)) - (2 - 3)", "1 - (2 - 3)"),
        ("-1.abs()", "-1.abs()"),
        ("(-1).abs()", "(-1).abs()"),
        ("a or b and c implies d", "a or b and c implies d"),
        ("a | b is FHIR.Patient", "a | b is FHIR.Patient"),
        ("4 days /* rest */ // end", "4 day"),
        ("%'ext-x'.`div`", "%`ext-x`.`div`"),
        ("contains contains in", "contains contains in"),
        (r"'\u4e2d\'\n'", "'中\\'\\n'"),
    ],
)
def test_text_of_a_tree_has_no_needless_parentheses(text: str, expected: str) -> None:
    assert str(parse(text)) == expected


def test_chain_of_members_is_a_list_to_the_left() -> None:
    assert parse("Patient.name[0].where(use = 'usual')") == tree.Call(
        tree.Indexer(tree.Member(tree.Member(None, "Patient"), "name"), tree.Number("0")),
        "where",
        (tree.Binary("=", tree.Member(None, "use"), tree.String("usual")),),
    )


def test_branches_are_the_alternatives_at_the_top() -> None:
    node = parse("a.b | (c | d) | where(x | y)")

    assert [str(branch) for branch in tree.branches(node)] == ["a.b", "c", "d", "where(x | y)"]


@pytest.mark.parametrize(
    ("text", "levels"),
    [
        ("a" + ".a" * 199, 200),
        ("a" + " | a" * 199, 200),
        ("a" + ".first()" * 199, 200),
        ("where(" * 59 + "true" + ")" * 59, 60),
        ("-" * 59 + "1", 60),
    ],
)
def test_the_deepest_expressions_can_be_read_printed_and_evaluated(text: str, levels: int) -> None:
    node = parse(text)

    assert tree.depth(node) == levels
    assert parse(str(node)) == node
    assert len(evaluate(node, {"resourceType": "Basic"}, strict=False)) <= 1


def test_walk_visits_parents_first() -> None:
    assert [str(node) for node in tree.walk(parse("a.f(-1)[x is Y]"))] == [
        "a.f(-1)[x is Y]", "a.f(-1)", "a", "-1", "1", "x is Y", "x",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "character 1: expected an expression, found the end"),
        ("a.", "character 3: expected a name, found the end"),
        ("a b", "character 3: expected an operator or the end, found 'b'"),
        ("f(a b)", "character 5: expected ',', found 'b'"),
        ("f(a,)", "character 5: expected an expression, found ')'"),
        ("a.$this", "character 3: expected an element or a function, found '$this'"),
        ("(a", "character 3: expected ')', found the end"),
        ("a[1", "character 4: expected ']', found the end"),
        ("a is 1", "character 6: expected a name, found '1'"),
        ("'open", 'character 1: "\'open" starts no token'),
        ("2 /* open", "character 3: '/* open' starts no token"),
        ("@T10:30Z", "character 8: expected an operator or the end, found 'Z'"),
        ("#", "character 1: '#' starts no token"),
        (r"'\q'", r"unknown escape \q"),
        ("(" * 80, "expected at most 60 levels of nesting"),
        ("a" + ".a" * 200, "nested more than 200 levels deep"),
        ("a" + " | a" * 200, "nested more than 200 levels deep"),
        ("(" * 50 + "a" + (".a" * 9 + ")") * 50, "nested more than 200 levels deep"),
        ("a" * 20_001, "has 20001 characters, 20000 are the most"),
    ],
)
def test_a_wrong_expression_is_refused_with_place_and_expectation(text: str, message: str) -> None:
    with pytest.raises(errors.Fault) as caught:
        parse(text)

    assert caught.value.kind is errors.Kind.INVALID
    assert message in str(caught.value)

"""Closures are what can be reached, and circles are told."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from xinglin.terminology.hierarchy import Hierarchy
from xinglin.terminology.values import Concept


@st.composite
def trees(draw: st.DrawFn) -> list[Concept]:
    """Concepts whose parents come before them in some hidden order, in another order."""
    count = draw(st.integers(1, 12))
    concepts = [
        Concept(
            f"c{n}",
            parents=tuple(f"c{p}" for p in draw(st.sets(st.integers(0, n - 1), max_size=3))) if n else (),
        )
        for n in range(count)
    ]
    return draw(st.permutations(concepts))


@given(trees())
def test_a_closure_has_every_way_up_with_its_shortest_length(concepts: list[Concept]) -> None:
    hierarchy = Hierarchy(concepts)
    by_code = {concept.code: concept for concept in concepts}

    def distances(code: str) -> dict[str, int]:
        found: dict[str, int] = {}
        waiting = [(parent, 1) for parent in by_code[code].parents]
        while waiting:
            above, distance = waiting.pop(0)
            if above not in found:
                found[above] = distance
                waiting += [(parent, distance + 1) for parent in by_code[above].parents]
        return found

    told = {
        (concepts[above].code, concepts[below].code): distance
        for above, below, distance in hierarchy.closure()
    }
    wanted = {(above, code): distance for code in by_code for above, distance in distances(code).items()}
    assert (hierarchy.issues, told) == ([], wanted)


@given(trees(), st.data())
def test_a_circle_is_always_told(concepts: list[Concept], data: st.DataObject) -> None:
    hierarchy = Hierarchy(concepts)
    pairs = sorted({(above, below) for above, below, _ in hierarchy.closure()})
    if not pairs:
        return
    above, below = data.draw(st.sampled_from(pairs))
    concepts[above].parents = (*concepts[above].parents, concepts[below].code)

    issues = Hierarchy(concepts).issues

    assert len(issues) == 1
    path = str(issues[0].params["path"]).split(" → ")
    assert path[0] == path[-1]
    by_code = {concept.code: concept for concept in concepts}
    assert all(path[n + 1] in by_code[path[n]].parents for n in range(len(path) - 1) if "…" not in path)

"""RFC 6962's tree: vectors, and its laws for any size."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xinglin.ledger import tiles, tree

# The eight entries and roots with which implementations of RFC 6962 are commonly tested (Certificate Transparency).
INPUTS = [
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


class Grown:
    """A tree of leaf hashes, kept in tiles as the ledger keeps it."""

    def __init__(self, size: int) -> None:
        self.leaves = [tree.leaf_hash(str(n).encode()) for n in range(size)]
        self.tiles: dict[tuple[int, int], bytes] = {}
        self.edge = tiles.Edge()
        self.add(self.leaves)

    def add(self, leaves: list[bytes]) -> None:
        self.tiles |= self.edge.add(leaves)

    @property
    def node(self) -> tree.Node:
        return tiles.nodes(lambda level, number: self.tiles.get((level, number), b""))

    def root(self, size: int) -> bytes:
        return tree.root_of(self.leaves[:size])


GROWN = Grown(1100)
sizes = st.integers(1, 1100)


@pytest.mark.parametrize("count", range(1, 9))
def test_roots_are_those_of_the_common_vectors(count: int) -> None:
    leaves = [tree.leaf_hash(entry) for entry in INPUTS[:count]]
    edge = tiles.Edge()
    edge.add(leaves)

    assert tree.root_of(leaves).hex() == edge.root().hex() == ROOTS[count - 1]


def test_the_root_of_nothing_is_the_hash_of_nothing() -> None:
    assert tree.root_of([]) == tiles.Edge().root() == tree.EMPTY


@given(st.lists(st.integers(1, 400), max_size=5))
def test_a_tree_added_to_in_parts_is_the_tree_added_to_at_once(parts: list[int]) -> None:
    whole = Grown(sum(parts))
    pieces = Grown(0)
    place = 0
    for part in parts:
        pieces.add(whole.leaves[place : place + part])
        place += part

    assert pieces.edge.root() == whole.edge.root() == tree.root_of(whole.leaves)
    assert pieces.tiles == whole.tiles


@given(sizes, st.data())
def test_every_entry_is_proven_in_every_tree_that_has_it(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))

    proof = tree.inclusion(GROWN.node, index, size)

    assert tree.includes(proof, index=index, size=size, leaf=GROWN.leaves[index], root=GROWN.root(size))


@given(sizes, sizes)
def test_every_tree_is_proven_to_continue_every_smaller_one(one: int, other: int) -> None:
    old, new = sorted((one, other))

    proof = tree.consistency(GROWN.node, old, new)

    assert tree.continues(proof, old=old, new=new, old_root=GROWN.root(old), new_root=GROWN.root(new))


@given(sizes, st.data())
def test_a_changed_bit_anywhere_in_an_inclusion_proof_is_refused(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    proof = tree.inclusion(GROWN.node, index, size)
    parts = [GROWN.leaves[index], GROWN.root(size), *proof]
    which = data.draw(st.integers(0, len(parts) - 1))
    bit = data.draw(st.integers(0, 255))
    parts[which] = (int.from_bytes(parts[which], "big") ^ 1 << bit).to_bytes(32, "big")

    assert not tree.includes(parts[2:], index=index, size=size, leaf=parts[0], root=parts[1])


@given(sizes, sizes, st.data())
def test_a_changed_bit_anywhere_in_a_consistency_proof_is_refused(
    one: int, other: int, data: st.DataObject
) -> None:
    old, new = sorted((one, other))
    parts = [GROWN.root(old), GROWN.root(new), *tree.consistency(GROWN.node, old, new)]
    which = data.draw(st.integers(0, len(parts) - 1))
    bit = data.draw(st.integers(0, 255))
    parts[which] = (int.from_bytes(parts[which], "big") ^ 1 << bit).to_bytes(32, "big")

    assert not tree.continues(parts[2:], old=old, new=new, old_root=parts[0], new_root=parts[1])


@given(sizes, st.data())
def test_a_proof_with_a_hash_more_or_less_or_another_number_is_refused(
    size: int, data: st.DataObject
) -> None:
    index = data.draw(st.integers(0, size - 1))
    leaf, root = GROWN.leaves[index], GROWN.root(size)
    proof = tree.inclusion(GROWN.node, index, size)
    another = data.draw(st.integers(0, size - 1).filter(lambda n: n != index)) if size > 1 else size

    assert not tree.includes([*proof, bytes(32)], index=index, size=size, leaf=leaf, root=root)
    assert not proof or not tree.includes(proof[:-1], index=index, size=size, leaf=leaf, root=root)
    assert not tree.includes(proof, index=another, size=size, leaf=leaf, root=root)


@pytest.mark.parametrize(
    ("place", "path"),
    [
        (tiles.Place(0, 0), "tile/0/000"),
        (tiles.Place(2, 1234067), "tile/2/x001/x234/067"),
        (tiles.Place(0, 1000, 112), "tile/0/x001/000.p/112"),
        (tiles.Place(None, 5), "tile/entries/005"),
        (tiles.Place(None, 273, 1), "tile/entries/273.p/1"),
    ],
)
def test_places_have_the_paths_of_the_specification(place: tiles.Place, path: str) -> None:
    assert place.path == path
    assert tiles.parse(path) == place


@given(st.one_of(st.none(), st.integers(0, 63)), st.integers(0, 10**10), st.integers(1, 256))
def test_paths_and_places_are_the_same(level: int | None, number: int, width: int) -> None:
    place = tiles.Place(level, number, width)

    assert tiles.parse(place.path) == place


@pytest.mark.parametrize(
    "path",
    [
        "tile/64/000", "tile/00/000", "tile/01/000", "tile/0/00", "tile/0/0000", "tile/0/x000/001", "tile/0/001/002",
        "tile/0/000.p/0", "tile/0/000.p/256", "tile/0/000.p/01", "tile/0/000.p/300", "tile/data/000", "tile/0/x001",
        "tile/0/000/", "tile/0/-01", "../tile/0/000",
    ],
)  # fmt: skip
def test_what_is_not_written_just_so_is_no_place(path: str) -> None:
    assert tiles.parse(path) is None


def test_a_tree_of_70_000_has_the_tiles_that_the_specification_counts() -> None:
    assert [len(tiles.covering(level, 70_000)) for level in range(4)] == [274, 2, 1, 0]
    assert tiles.edge_places(70_000) == [(0, 273, 112), (1, 1, 17), (2, 0, 1)]
    assert tiles.edge_places(256) == [(0, 1, 0), (1, 0, 1)]


@given(st.lists(st.binary(max_size=300), max_size=20))
def test_bundles_give_back_their_entries(entries: list[bytes]) -> None:
    assert tiles.unbundle(tiles.bundle(entries)) == entries


def test_a_bundle_that_is_cut_off_is_refused() -> None:
    with pytest.raises(ValueError, match="ends within entry 1"):
        tiles.unbundle(tiles.bundle([b"one", b"two"])[:-1])

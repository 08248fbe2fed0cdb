"""Order, pages and totals, while others write."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

import pytest

from tests import make
from xinglin.kernel.errors import Fault, Kind
from xinglin.record import database

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.record.search.finding import Finder
    from xinglin.record.search import Page

pytestmark = pytest.mark.django_db

SORTS = [
    "",
    "_sort=_lastUpdated",
    "_sort=-_lastUpdated",
    "_sort=_id",
    "_sort=-_id",
    "_sort=date",
    "_sort=-date",
    "_sort=-date,_id",
    "_sort=value-quantity",
    "_sort=-value-quantity,-_id",
    "_sort=status,-date",
    "_sort=-code",
    "_sort=subject,value-quantity",
    "patient=p0&_sort=-date",
    "patient=p0&_sort=date",
    "patient=p0&code=4548-4",
    "subject:Patient.family=张&_sort=-date",
    "status=final&_sort=-date",
]


@pytest.fixture
def results(finder: Finder) -> Finder:
    """Two residents and thirty observations; every third has no date and every fourth a date like another's."""
    rng = random.Random(7)
    finder.store(make.patient(id="p0"), make.patient("王", id="p1"))
    for n in range(30):
        finder.store(_observation(n, rng))
    return finder


def _observation(n: int, rng: random.Random) -> dict[str, object]:
    more: dict[str, object] = {"status": rng.choice(["final", "amended"])}
    if n % 3:
        more["effectiveDateTime"] = f"2024-01-{1 + n // 4:02d}"
    return make.observation(
        f"Patient/p{n % 2}", rng.choice(["4548-4", "2345-7"]), rng.randrange(5), id=f"o{n}", **more
    )


def walk(
    finder: Finder, url: str, *, between: Callable[[], None] = lambda: None, link: str = "next"
) -> list[Page]:
    """All pages, by the links as a client follows them."""
    pages = [finder.page(url)]
    while (following := dict(pages[-1].links("Observation")).get(link)) is not None:
        between()
        parts = urlsplit(following)
        assert parse_qsl(parts.query)[-1][0] == "_page"
        pages.append(finder.page(following))
    return pages


def ids(pages: list[Page]) -> list[str]:
    return [entry.stored.id for page in pages for entry in page.entries]


def with_(url: str, more: str) -> str:
    return f"Observation?{url}&{more}" if url else f"Observation?{more}"


@pytest.mark.parametrize("sort", SORTS)
def test_pages_together_are_the_whole_in_the_same_order(results: Finder, sort: str) -> None:
    whole = results.ids(with_(sort, "_count=100"))

    pages = walk(results, with_(sort, "_count=4"))

    assert ids(pages) == whole
    assert len(set(whole)) == len(whole)
    assert len(pages) == -(-len(whole) // 4)


@pytest.mark.parametrize("sort", SORTS)
def test_pages_are_the_same_backwards(results: Finder, sort: str) -> None:
    forwards = walk(results, with_(sort, "_count=4"))
    last = dict(forwards[-2].links("Observation"))["next"]

    backwards = walk(results, last, link="previous")

    assert [ids([page]) for page in reversed(backwards)] == [ids([page]) for page in forwards]


@pytest.mark.parametrize("sort", SORTS)
def test_pages_show_the_record_as_the_first_one_saw_it(results: Finder, sort: str) -> None:
    whole = results.ids(with_(sort, "_count=100"))
    rng = random.Random(sort)
    fresh = iter(range(100, 200))

    def others_write() -> None:
        n = next(fresh)
        results.store(_observation(n, rng))  # a new one
        results.store(_observation(rng.randrange(30), rng))  # another version, perhaps with other values
        results.delete("Observation", f"o{n - 100 + 5}")

    pages = walk(results, with_(sort, "_count=4&_total=accurate"), between=others_write)

    assert ids(pages) == whole
    assert {page.total for page in pages} == {len(whole)}


@pytest.mark.parametrize(
    "url", ["?_type=Patient,Observation", "?_lastUpdated=gt2020", "?_sort=_lastUpdated", "?_sort=_id"]
)
def test_all_types_are_paged_as_one(results: Finder, url: str) -> None:
    whole = results.ids(f"{url}&_count=100")

    pages = [results.page(f"{url}&_count=7")]
    while pages[-1].next is not None:
        results.store(make.patient(id=f"late{len(pages)}"))
        pages.append(results.page(f"{url}&_count=7&_page={pages[-1].next}"))

    assert ids(pages) == whole
    assert len(whole) == 32


def test_a_transaction_that_was_running_at_the_first_page_stays_unseen(results: Finder) -> None:
    with database.connect() as other:
        other.autocommit = False
        other.execute(
            "CREATE TEMPORARY TABLE mark AS SELECT record_tx()"
        )  # takes a number before the first page
        first = results.page("Observation?_sort=_id&_count=20")
        other.execute(
            "UPDATE record_resource SET id = 'zz', tx = record_tx() WHERE id = 'o1'"  # as a new row that came late
        )
        other.commit()

    second = results.page(dict(first.links("Observation"))["next"])

    assert "zz" not in ids([second])


def test_versions_are_shown_as_they_were(results: Finder) -> None:
    first = results.page("Observation?_sort=_id&_count=29")
    results.store(make.observation("Patient/p1", "new", id="o9", status="cancelled"))

    (entry,) = results.page(dict(first.links("Observation"))["next"]).entries

    assert (
        entry.stored.id,
        entry.stored.version,
        entry.stored.resource["code"]["coding"][0]["code"] != "new",
    ) == (
        "o9",
        1,
        True,
    )


# -- order


def test_without_sort_the_latest_come_first(results: Finder) -> None:
    assert results.ids("Observation?_count=3") == ["o29", "o28", "o27"]


def test_undated_resources_count_as_the_lowest(results: Finder) -> None:
    undated = {f"o{n}" for n in range(0, 30, 3)}

    ascending = results.ids("Observation?_sort=date&_count=100")
    descending = results.ids("Observation?_sort=-date&_count=100")

    assert set(ascending[:10]) == set(descending[-10:]) == undated
    assert ascending == descending[::-1]


def test_a_second_key_decides_among_equals(finder: Finder) -> None:
    finder.store(
        make.patient("a", "z", id="1"), make.patient("a", "y", id="2"), make.patient("b", "x", id="3")
    )

    assert finder.ids("Patient?_sort=family,given") == ["2", "1", "3"]
    assert finder.ids("Patient?_sort=-family,given") == ["3", "2", "1"]


@pytest.mark.parametrize(
    ("sort", "expected"),
    [("gender", ["3", "2", "1"]), ("-gender", ["1", "2", "3"]), ("organization", ["1", "3", "2"])],
)
def test_codes_and_references_are_sorted_by_their_text(
    finder: Finder, sort: str, expected: list[str]
) -> None:
    finder.store(
        {"resourceType": "Organization", "id": "a", "name": "A"},
        {"resourceType": "Organization", "id": "b", "name": "B"},
        make.patient(id="1", gender="male"),
        make.patient(id="2", gender="female", managingOrganization={"reference": "Organization/b"}),
        make.patient(id="3", managingOrganization={"reference": "Organization/a"}),
    )

    assert finder.ids(f"Patient?_sort={sort}") == expected


# -- totals


def test_a_first_page_that_holds_all_tells_the_total(results: Finder) -> None:
    assert results.page("Observation?_count=100").total == 30
    assert results.page("Observation?_count=10").total is None
    assert results.page("Observation?_count=100&_total=none").total is None
    assert results.page("Observation?_count=10&_total=accurate").total == 30
    assert results.page("Observation?_summary=count").entries == ()


def test_an_estimate_comes_from_the_planner(results: Finder) -> None:
    database.connection().execute("ANALYZE record_resource")

    assert results.page("Observation?_count=10&_total=estimate").total == 30


# -- tokens


@pytest.mark.parametrize("change", ["status=final&", "_count=5&"])
def test_a_page_of_another_search_is_refused(results: Finder, change: str) -> None:
    token = results.page("Observation?_count=4").next

    with pytest.raises(Fault) as refused:
        results.page(f"Observation?{change}_page={token}")

    assert refused.value.kind is Kind.INVALID


def test_a_page_that_was_tampered_with_is_refused(results: Finder) -> None:
    token = results.page("Observation?_count=4").next
    assert token is not None

    for other in (token[:-2] + ("AA" if token[-2:] != "AA" else "BB"), "", "x", "é"):
        with pytest.raises(Fault) as refused:
            results.page(f"Observation?_count=4&_page={other}")
        assert refused.value.kind is Kind.INVALID


def test_a_page_is_gone_after_an_hour(results: Finder) -> None:
    token = results.page("Observation?_count=4", now=1_700_000_000).next

    assert len(results.ids(f"Observation?_count=4&_page={token}", now=1_700_003_600)) == 4
    with pytest.raises(Fault) as refused:
        results.page(f"Observation?_count=4&_page={token}", now=1_700_003_601)
    assert refused.value.kind is Kind.GONE

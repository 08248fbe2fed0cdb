"""Our levels as Splink's comparisons, and their shares estimated without labels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from xinglin.identity.training.columns import COLUMNS
from xinglin.kernel import errors

if TYPE_CHECKING:
    from collections.abc import Sequence

_CHARACTERS = "list_sort(string_split({0}_l, '')) = list_sort(string_split({0}_r, ''))"
_PART = (
    "surname_l = surname_r and abs(length(name_l) - length(name_r)) = 1 and levenshtein(name_l, name_r) = 1"
)
_ONE_OTHER = "surname_l = surname_r and length(given_l) = 2 and levenshtein(name_l, name_r) = 1"

# Field, the column whose absence makes the level ``missing``, then each level (or group of our levels, told apart by
# the weights that are there) with its condition; the last has none.
_FIELDS: tuple[tuple[str, str, tuple[tuple[str, str], ...]], ...] = (
    (
        "document",
        "document",
        (
            ("same", "document_l = document_r"),
            ("near", "damerau_levenshtein(document_l, document_r) <= 1"),
            ("close", "damerau_levenshtein(document_l, document_r) <= 2"),
            ("other conflict", ""),
        ),
    ),
    (
        "name",
        "name",
        (
            ("exact", "name_l = name_r"),
            ("sound", "syllables_l = syllables_r"),
            ("swapped", _CHARACTERS.format("name")),
            ("part", _PART),
            ("one_other shape accent spelt", _ONE_OTHER),
            ("given", "given_l = given_r and length(given_l) > 1"),
            ("surname", "surname_l = surname_r"),
            ("different", ""),
        ),
    ),
    (
        "birth",
        "birth",
        (
            ("same", "birth_l = birth_r"),
            ("digit turned year_off", "damerau_levenshtein(birth_l, birth_r) <= 1"),
            ("month", "left(birth_l, 6) = left(birth_r, 6)"),
            ("year", "left(birth_l, 4) = left(birth_r, 4)"),
            ("different", ""),
        ),
    ),
    ("sex", "sex", (("same", "sex_l = sex_r"), ("different", ""))),
    (
        "phone",
        "phone",
        (
            ("same", "phone_l = phone_r"),
            ("near", "damerau_levenshtein(phone_l, phone_r) <= 1"),
            ("different", ""),
        ),
    ),
    (
        "address",
        "district",
        (
            ("same", "spot_l = spot_r"),
            ("near place", "place_l = place_r and (town_l = town_r or town_l is null or town_r is null)"),
            ("town", "town_l = town_r"),
            ("district", "district_l = district_r"),
            ("different", ""),
        ),
    ),
)


@dataclass(frozen=True, slots=True)
class Learned:
    """Shares by field and group of levels: of one person's pairs (``m``) and of strangers' (``u``)."""

    m: dict[str, dict[str, float]]
    u: dict[str, dict[str, float]]
    records: int
    splink: str


def _comparison(field: str, column: str, levels: Sequence[tuple[str, str]]) -> dict[str, Any]:
    missing = {
        "sql_condition": f"{column}_l is null or {column}_r is null",
        "label_for_charts": "missing",
        "is_null_level": True,
    }
    told = [{"sql_condition": condition or "ELSE", "label_for_charts": label} for label, condition in levels]
    return {"output_column_name": field, "comparison_levels": [missing, *told]}


def linker(rows: Sequence[tuple[Any, ...]]) -> Any:
    """A Splink linker over the table of ``columns``, not yet trained."""
    try:
        import duckdb  # noqa: PLC0415 -- an extra
        from splink import DuckDBAPI, Linker, SettingsCreator, block_on  # noqa: PLC0415 -- an extra
    except ImportError as error:
        raise errors.unsupported(
            "Training needs Splink: pip install 'xinglin[train]'.", code="not-supported"
        ) from error
    connection = duckdb.connect()
    kinds = ", ".join(f"{name} {'BIGINT' if name == 'unique_id' else 'VARCHAR'}" for name in COLUMNS)
    connection.execute(f"CREATE TABLE patients ({kinds})")
    _fill(connection, rows)
    settings = SettingsCreator(
        link_type="dedupe_only",
        comparisons=[_comparison(*field) for field in _FIELDS],
        blocking_rules_to_generate_predictions=[
            block_on("document"),
            block_on("birth", "surname"),
            block_on("syllables", "phone"),
            block_on("name", "place"),
            block_on("spot", "surname"),
        ],
        retain_intermediate_calculation_columns=False,
    )
    api = DuckDBAPI(connection)
    return Linker(api.register("patients"), settings, log_level="ERROR")


def _fill(connection: Any, rows: Sequence[tuple[Any, ...]]) -> None:
    """Columns of arrays are far quicker than single inserts."""
    import numpy as np  # noqa: PLC0415 -- comes with Splink

    arrays: dict[str, Any] = {
        name: np.ma.array(
            [row[at] if row[at] is not None else "" for row in rows] if at else [row[0] for row in rows],
            mask=[row[at] is None for row in rows],
            dtype=object if at else "int64",
        )
        for at, name in enumerate(COLUMNS)
    }
    connection.register("arriving", arrays)
    connection.execute("INSERT INTO patients SELECT * FROM arriving")
    connection.unregister("arriving")


def learn(trained: Any, records: int, *, pairs: float = 5e6, seed: int = 1) -> Learned:
    """Estimate: u from random pairs, m by expectation and maximisation within blocks."""
    import splink  # noqa: PLC0415 -- an extra

    rules = [
        splink.block_on("document"),
        splink.block_on("name", "birth", "sex"),
        splink.block_on("name", "phone"),
    ]
    training = trained.training
    training.estimate_probability_two_random_records_match(rules, recall=0.85)
    training.estimate_u_using_random_sampling(max_pairs=pairs, seed=seed)
    training.estimate_parameters_using_expectation_maximisation(splink.block_on("birth"))
    training.estimate_parameters_using_expectation_maximisation(splink.block_on("name", "place"))
    training.estimate_parameters_using_expectation_maximisation(splink.block_on("document"))
    model = trained.misc.save_model_to_json()
    m: dict[str, dict[str, float]] = {}
    u: dict[str, dict[str, float]] = {}
    for comparison in model["comparisons"]:
        field = comparison["output_column_name"]
        for level in comparison["comparison_levels"]:
            if level.get("is_null_level"):
                continue
            label = level["label_for_charts"]
            if isinstance(level.get("m_probability"), float):
                m.setdefault(field, {})[label] = level["m_probability"]
            if isinstance(level.get("u_probability"), float):
                u.setdefault(field, {})[label] = level["u_probability"]
    return Learned(m, u, records, splink.__version__)

"""FEBRL through Splink, as its own documentation would have it done: the measure beside ours."""

from __future__ import annotations

from typing import Any

_BLOCKS = (
    ("soc_sec_id",),
    ("date_of_birth", "given_name"),
    ("date_of_birth", "surname"),
    ("given_name", "surname"),
    ("postcode", "given_name"),
    ("postcode", "surname"),
    ("address_1", "given_name"),
    ("address_1", "surname"),
    ("street_number", "date_of_birth"),
    ("postcode", "street_number"),
    ("suburb", "street_number"),
)


def links(frame: Any, *, sure: float = 0.5) -> tuple[list[tuple[str, str]], str]:
    """Pairs of record ids at probability ``sure`` and Splink's version. Trained on the records themselves."""
    import splink  # noqa: PLC0415 -- a dependency of development alone
    from splink import DuckDBAPI, Linker, SettingsCreator, block_on  # noqa: PLC0415
    from splink import comparison_library as cl  # noqa: PLC0415

    settings = SettingsCreator(
        link_type="dedupe_only",
        unique_id_column_name="rec_id",
        comparisons=[
            cl.ForenameSurnameComparison("given_name", "surname"),
            cl.DateOfBirthComparison("date_of_birth", input_is_string=True, datetime_format="%Y%m%d"),
            cl.DamerauLevenshteinAtThresholds("soc_sec_id", [1, 2]),
            cl.DamerauLevenshteinAtThresholds("street_number", [1]).configure(
                term_frequency_adjustments=True
            ),
            cl.DamerauLevenshteinAtThresholds("postcode", [1, 2]).configure(term_frequency_adjustments=True),
            cl.JaroWinklerAtThresholds("address_1", [0.9]).configure(term_frequency_adjustments=True),
            cl.JaroWinklerAtThresholds("suburb", [0.9]).configure(term_frequency_adjustments=True),
        ],
        blocking_rules_to_generate_predictions=[block_on(*columns) for columns in _BLOCKS],
    )
    linker = Linker(DuckDBAPI().register(frame), settings, log_level="ERROR")
    training = linker.training
    training.estimate_probability_two_random_records_match(
        [block_on("soc_sec_id"), block_on("given_name", "surname", "date_of_birth")], recall=0.9
    )
    training.estimate_u_using_random_sampling(max_pairs=5e6, seed=1)
    training.estimate_parameters_using_expectation_maximisation(block_on("date_of_birth"))
    training.estimate_parameters_using_expectation_maximisation(block_on("postcode"))
    predicted = linker.inference.predict(threshold_match_probability=sure)
    sql = f"SELECT rec_id_l, rec_id_r FROM {predicted.physical_name}"
    misc: Any = linker.misc
    rows = misc.query_sql(sql).as_record_list()
    return [(row["rec_id_l"], row["rec_id_r"]) for row in rows], splink.__version__

"""``_explain=true``: the SQL of a search and what it costs, for operators."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from xinglin.api.answers import Answer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xinglin.api.requests import Request


def explained(
    request: Request,
    type_name: str | None,
    pairs: Sequence[tuple[str, str]],
    compartment: tuple[str, str] | None,
) -> Answer:
    """A Parameters resource with the statement, its values and PostgreSQL's plan, instead of the result.

    ``_analyze=true`` runs the search and adds what it really took.
    """
    analyze = ("_analyze", "true") in pairs
    asked = [pair for pair in pairs if pair[0] not in ("_explain", "_analyze")]
    found = request.door.explain(type_name, asked, compartment=compartment, analyze=analyze)
    said: list[dict[str, Any]] = [{"name": "sql", "valueString": found["sql"]}]
    said += [{"name": "value", "valueString": value} for value in found["values"] if value]
    said += [
        {"name": name, "valueDecimal": found[name]}
        for name in ("cost", "rows", "milliseconds")
        if found[name] is not None
    ]
    said.append({"name": "plan", "valueString": orjson.dumps(found["plan"]).decode()})
    return Answer(200, orjson.dumps({"resourceType": "Parameters", "parameter": said}))

"""Transaction bundles of ``PUT`` entries: loading the same bundle again changes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    from collections.abc import Iterable


def transaction(resources: Iterable[dict[str, Any]], *, sent: str | None = None) -> bytes:
    """A transaction that puts each resource under its own id. ``sent`` becomes ``Bundle.timestamp``."""
    entries = [
        {"resource": r, "request": {"method": "PUT", "url": f"{r['resourceType']}/{r['id']}"}}
        for r in resources
    ]
    bundle: dict[str, Any] = {"resourceType": "Bundle", "type": "transaction"}
    if sent is not None:
        bundle["timestamp"] = sent
    bundle["entry"] = entries
    return orjson.dumps(bundle)

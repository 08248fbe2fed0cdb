"""Which ICD-10 codes mean a notifiable disease."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tools.content import diseases
from tools.content.files import HERE, MAP_COLUMNS, CodeSystem, Row, Value

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

TARGET = "urn:xinglin:codes:notifiable-disease"


def maps(facts: Path) -> Iterator[CodeSystem]:
    """From the six-figure codes and from WHO's. A code of a manifestation alone (G01*) means no disease by itself."""
    for system in diseases.systems(facts):
        if system.file in ("icd10-cn", "icd10-who"):
            rows = [
                row
                for row in system.rows
                if row["kind"] in ("item", "category", "subcategory") and not row.get("manifestation")
            ]
            if system.file == "icd10-cn":
                rows = [row for row in rows if row["kind"] == "item"]
            yield CodeSystem(f"{system.file}-to-notifiable", _about(system), list(_rows(rows)), MAP_COLUMNS)


def _about(system: CodeSystem) -> dict[str, Value]:
    return {
        "url": f"urn:xinglin:maps:{system.file}-to-notifiable",
        "name": "".join(part.capitalize() for part in system.file.split("-")) + "ToNotifiable",
        "title": f"{system.about['title']}对法定报告传染病",
        "version": "2026-04",
        "effective": "2026-04-01",
        "source_system": str(system.about["url"]),
        "target_system": TARGET,
        "source": "own judgement by the names of both; forms of tuberculosis and of influenza may need a look",
        "confidence": "likely",
    }


def _rows(rows: Iterable[Row]) -> Iterator[Row]:
    beginnings = {
        beginning: disease
        for line in (HERE / "notifiable_icd.txt").read_text(encoding="utf-8").splitlines()
        if line and not line.startswith("#")
        for disease, listed in [line.split("|")]
        for beginning in listed.split()
    }
    for row in sorted(rows, key=lambda row: row["code"]):
        found = max((b for b in beginnings if row["code"].startswith(b)), key=len, default="")
        if found:
            yield {
                "source": row["code"],
                "target": beginnings[found],
                "equivalence": "equivalent"
                if row["code"] in (found, f"{found}.x00", f"{found}00")
                else "wider",
            }

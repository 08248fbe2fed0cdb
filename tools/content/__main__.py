"""``python -m tools.content [FACTS]``; see the package."""

from __future__ import annotations

import sys
from pathlib import Path

from tools.content import (
    diseases,
    elements,
    laboratory,
    notifiable,
    organisations,
    procedures,
    shared_documents,
    state_tables,
    traditional,
)
from tools.content.files import ROOT


def build(facts: Path) -> tuple[int, int]:
    """Write everything; how many code systems and concepts that was."""
    count = rows = 0
    for part in (state_tables, organisations, diseases, procedures, traditional, elements, laboratory):
        for system in part.systems(facts):
            system.write()
            count, rows = count + 1, rows + len(system.rows)
    diseases.to_who(facts).write("maps")
    for map_ in (*laboratory.maps(), *notifiable.maps(facts)):
        map_.write("maps")
    for dataset in elements.datasets(facts):
        dataset.write("datasets")
    return count, rows


def main() -> None:
    facts = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT.parent / "shared" / "data"
    if not (facts / "terminology").is_dir():
        raise SystemExit(f"{facts}/terminology is no folder of tables")
    count, rows = build(facts)
    shared_documents.write(facts)
    print(f"{count} code systems, {rows} concepts")


if __name__ == "__main__":
    main()

"""Patients and their truth from files that any generator may write.

Patients: one FHIR Patient a line, in order of arrival; truth: one line ``{"patient": id, "person": key}`` for each,
with ``"errors": [kind, …]`` and ``"kind": …`` for the split where they are known. Either may be compressed with gzip.
The truth of a whole synthetic region, one line a resident with its ``patients``, is understood too.
"""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING, Any

import orjson

from xinglin.identity import traits
from xinglin.identity.evaluation.trial import Known
from xinglin.kernel import errors

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path


def lines(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """The JSON objects of a file by line number; ``invalid`` for a line that is none, ``not_found`` for no file."""
    if not path.exists():
        raise errors.not_found("There is no file %(path)s.", path=str(path))
    with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            try:
                read = orjson.loads(line.rstrip())
            except orjson.JSONDecodeError as error:
                raise errors.invalid(
                    "%(path)s, line %(line)s, column %(column)s: not JSON.",
                    code="structure", path=str(path), line=number, column=error.colno,
                ) from error  # fmt: skip
            if not isinstance(read, dict):
                raise errors.invalid(
                    "%(path)s, line %(line)s: not a JSON object.",
                    code="structure",
                    path=str(path),
                    line=number,
                )
            yield number, read


def patients(paths: Iterable[Path]) -> Iterator[dict[str, Any]]:
    """The Patients in the files; other resources are passed over, transactions opened."""
    for path in paths:
        for _, read in lines(path):
            if read.get("resourceType") == "Patient":
                yield read
            elif read.get("resourceType") == "Bundle":
                for entry in read.get("entry", []):
                    resource = entry.get("resource", {})
                    if resource.get("resourceType") == "Patient":
                        yield resource


def truth(path: Path) -> dict[str, tuple[object, tuple[str, ...]]]:
    """Person and kinds by the Patient's id."""
    found: dict[str, tuple[object, tuple[str, ...]]] = {}
    for number, line in lines(path):
        if "patients" in line:
            twin = ("twin",) if line.get("twin") else ()
            for sent in line["patients"]:
                found[_id(sent["patient"])] = (line["person"], (*sent.get("errors", ()), *twin))
        elif "patient" in line and "person" in line:
            kind = (line["kind"],) if line.get("kind") else ()
            found[_id(line["patient"])] = (line["person"], (*line.get("errors", ()), *kind))
        else:
            raise errors.invalid(
                "%(path)s, line %(line)s: a line of truth has “patient” and “person”.",
                code="required", path=str(path), line=number,
            )  # fmt: skip
    return found


def _id(reference: object) -> str:
    return str(reference).removeprefix("Patient/")


def known(patient_paths: Iterable[Path], truth_path: Path) -> Iterator[Known]:
    """Both together; ``invalid`` for a Patient of whom the truth knows nothing."""
    persons = truth(truth_path)
    for patient in patients(patient_paths):
        id_ = str(patient.get("id", ""))
        if id_ not in persons:
            raise errors.invalid("The truth says nothing of Patient/%(id)s.", code="not-found", id=id_)
        person, kinds = persons[id_]
        yield Known(traits.pack(traits.from_patient(patient)), person, kinds or ("clean",))

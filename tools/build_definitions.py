"""Compile the FHIR R4 definitions into the three small files of ``src/xinglin/fhir/data``.

The source is the npm package ``hl7.fhir.r4.examples`` 4.0.1 (CC0), which holds every StructureDefinition,
SearchParameter, CompartmentDefinition, ValueSet and CodeSystem of the standard. Run
``python tools/build_definitions.py [TARBALL]``; without a path the package is fetched by ``npm pack``.

The result is the same bytes for the same package, so that a rebuild shows no difference.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
import zstandard

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

PACKAGE = "hl7.fhir.r4.examples@4.0.1"
TARGET = Path(__file__).parents[1] / "src" / "xinglin" / "fhir" / "data"
WANTED = ("StructureDefinition", "SearchParameter", "CompartmentDefinition", "ValueSet", "CodeSystem")
PREFIX = "http://hl7.org/fhir/StructureDefinition/"
NO_EXPRESSION = {"_text", "_content", "_query", "_filter"}
Json = dict[str, Any]


def read_package(tarball: Path) -> dict[str, list[Json]]:
    """Every definition of the package, by resource type, ordered by file name."""
    found: dict[str, list[Json]] = {name: [] for name in WANTED}
    with tarfile.open(tarball) as archive:
        members = sorted((m for m in archive if m.isfile()), key=lambda m: m.name)
        for member in members:
            kind = Path(member.name).name.split("-")[0]
            if kind in found and (stream := archive.extractfile(member)):
                resource = orjson.loads(stream.read())
                if resource["resourceType"] == kind:
                    found[kind].append(resource)
            elif member.name.endswith("/Bundle-searchParams.json") and (
                stream := archive.extractfile(member)
            ):
                found["official"] = [entry["resource"] for entry in orjson.loads(stream.read())["entry"]]
    return found


def last(url: str) -> str:
    return url.rsplit("/", 1)[-1]


# --- structures ----------------------------------------------------------------------------------------


def compile_structures(definitions: Iterable[Json]) -> dict[str, Json]:
    """One entry for every data type, resource and backbone element; SimpleQuantity and MoneyQuantity too."""
    structures: dict[str, Json] = {}
    for definition in definitions:
        constraint = definition.get("derivation") == "constraint"
        if definition["kind"] == "logical" or (
            constraint and definition["id"] not in {"SimpleQuantity", "MoneyQuantity"}
        ):
            continue
        structures.update(compile_definition(definition))
    return dict(sorted(structures.items()))


def compile_definition(definition: Json) -> dict[str, Json]:
    elements = definition["snapshot"]["element"]
    root, name = elements[0]["path"], definition["id"]
    parents = {path.rsplit(".", 1)[0] for path in (e["path"] for e in elements) if path.count(".")}
    found: dict[str, Json] = {}
    for element in elements:
        path = name + element["path"][len(root) :]
        if element["path"] in parents or element is elements[0]:
            found[path] = structure_of(definition, element, element is elements[0])
        if element is elements[0] or element["max"] == "0":
            continue
        parent, child = path.rsplit(".", 1)
        if definition["kind"] == "primitive-type":
            if child == "value":
                found[name].update(primitive_facts(element))
            continue
        compiled = compile_element(definition, element, element["path"] in parents and path)
        found[parent].setdefault("elements", {})[child.removesuffix("[x]")] = compiled
    return found


def structure_of(definition: Json, element: Json, is_root: bool) -> Json:
    if is_root:
        kind = {"primitive-type": "primitive", "complex-type": "complex", "resource": "resource"}[
            definition["kind"]
        ]
        base = last(definition.get("baseDefinition", ""))
    else:
        kind, base = "backbone", element["type"][0]["code"]
    out: Json = {"kind": kind, "base": base}
    if definition["abstract"] and is_root:
        out["abstract"] = True
    constraints = own_constraints(definition, element) if is_root else []
    return out | ({"constraints": constraints} if constraints else {})


def own_constraints(definition: Json, element: Json) -> list[list[str]]:
    """Constraints stated here, not inherited: ``[key, severity, human, expression]``."""
    return [
        [c["key"], c["severity"], " ".join(c["human"].split()), c["expression"]]
        for c in element.get("constraint", ())
        if c.get("source", definition["url"]) == definition["url"] and c.get("expression")
    ]


def primitive_facts(element: Json) -> Json:
    extensions = element["type"][0].get("extension", ())
    facts: Json = {e["url"].rsplit("/", 1)[-1]: e.get("valueString") for e in extensions}
    out: Json = {"regex": facts["regex"]} if "regex" in facts else {}
    return out | {"system": last(element["type"][0]["code"]).removeprefix("System.")}


def compile_element(definition: Json, element: Json, backbone: str | bool) -> Json:
    out: Json = {"min": element["min"]} if element["min"] else {}
    if element["max"] != "1":
        out["many"] = True
    out["types"] = [backbone] if backbone else element_types(definition, element)
    targets = sorted({last(p) for t in element.get("type", ()) for p in t.get("targetProfile", ())})
    if targets and targets != ["Resource"]:
        out["targets"] = targets
    if element["path"].endswith("[x]"):
        out["choice"] = True
    binding = element.get("binding")
    if binding and "valueSet" in binding:
        out["binding"] = [binding["strength"], binding["valueSet"].removesuffix("|4.0.1")]
    if constraints := own_constraints(definition, element):
        out["constraints"] = constraints
    return out | {
        flag: True for flag, key in (("summary", "isSummary"), ("modifier", "isModifier")) if element.get(key)
    }


def element_types(definition: Json, element: Json) -> list[str]:
    if reference := element.get("contentReference"):
        return [reference.removeprefix("#")]
    found = []
    for kind in element["type"]:
        code = kind["code"]
        if code.startswith(
            "http://hl7.org/fhirpath/"
        ):  # Resource.id is an id, Extension.url a uri, Element.id a string
            stated = next(
                e["valueUrl"]
                for e in kind["extension"]
                if e["url"].endswith("/structuredefinition-fhir-type")
            )
            resource_id = definition["kind"] == "resource" and element["path"].count(".") == 1
            found.append("id" if resource_id else stated)
        else:
            profiles = [last(p) for p in kind.get("profile", ())]
            found.append(profiles[0] if profiles in (["SimpleQuantity"], ["MoneyQuantity"]) else code)
    return found


# --- value sets ----------------------------------------------------------------------------------------


def concepts(nodes: Iterable[Json]) -> Iterator[str]:
    for node in nodes:
        yield node["code"]
        yield from concepts(node.get("concept", ()))


def expand(url: str, value_sets: dict[str, Json], systems: dict[str, Json]) -> dict[str, list[str]] | None:
    """The codes of a value set by system; None where they cannot be listed (UCUM, mime types …)."""
    value_set = value_sets.get(url.partition("|")[0])
    if value_set is None or "compose" not in value_set or value_set["compose"].get("exclude"):
        return None
    found: dict[str, list[str]] = {}
    for include in value_set["compose"]["include"]:
        for part in include_parts(include, value_sets, systems):
            if part is None:
                return None
            for system, codes in part.items():
                found.setdefault(system, []).extend(c for c in codes if c not in found[system])
    return found


def include_parts(
    include: Json, value_sets: dict[str, Json], systems: dict[str, Json]
) -> list[dict[str, list[str]] | None]:
    system = include.get("system")
    if include.get("filter") or (system and include.get("valueSet")):
        return [None]
    if not system:
        return [expand(url, value_sets, systems) for url in include["valueSet"]]
    if "concept" in include:
        return [{system: [c["code"] for c in include["concept"]]}]
    code_system = systems.get(system)
    if code_system is None or code_system["content"] != "complete":
        return [None]
    return [{system: list(concepts(code_system.get("concept", ())))}]


def compile_codes(structures: dict[str, Json], found: dict[str, list[Json]]) -> Json:
    """Every value set with a required binding that can be listed."""
    value_sets = {v["url"]: v for v in found["ValueSet"]}
    systems = {c["url"]: c for c in found["CodeSystem"]}
    elements = (e for s in structures.values() for e in s.get("elements", {}).values())
    urls = {e["binding"][1] for e in elements if e.get("binding", ("",))[0] == "required"}
    expanded = {url: expand(url, value_sets, systems) for url in sorted(urls)}
    return {url: codes for url, codes in expanded.items() if codes}


# --- search --------------------------------------------------------------------------------------------


def compile_search(found: dict[str, list[Json]]) -> list[Json]:
    """The parameters of the standard that have an expression, without those that belong to extensions."""
    official = [p for p in found["official"] if p.get("expression") and "-extensions-" not in p["id"]]
    codes = {p["url"]: p["code"] for p in official}
    return [
        compile_parameter(p, codes)
        for p in sorted(official, key=lambda p: (p["code"], p["url"]))
        if is_ours(p)
    ]


def is_ours(parameter: Json) -> bool:
    return parameter["code"] not in NO_EXPRESSION and not re.match("example", parameter["id"])


def compile_parameter(parameter: Json, codes: dict[str, str]) -> Json:
    out = {
        key: parameter[key]
        for key in ("code", "type", "url", "base", "expression", "target")
        if key in parameter
    }
    if parameter.get("xpathUsage", "normal") != "normal":
        out["usage"] = parameter["xpathUsage"]
    if parameter.get("component"):
        out["components"] = [
            [codes[c["definition"]], c["definition"], c["expression"]] for c in parameter["component"]
        ]
    return out


def compile_compartments(definitions: Iterable[Json]) -> Json:
    return {
        d["code"]: {r["code"]: r["param"] for r in d["resource"] if r.get("param")}
        for d in definitions
        if d["id"] != "example"
    }


# --- output --------------------------------------------------------------------------------------------


def write(name: str, content: Any) -> None:
    path = TARGET / f"{name}.json.zst"
    path.write_bytes(zstandard.ZstdCompressor(level=19).compress(orjson.dumps(content)))
    print(f"{path.name}: {path.stat().st_size:,} bytes")


def fetch(folder: Path) -> Path:
    subprocess.run(["npm", "pack", "--silent", PACKAGE], cwd=folder, check=True)
    return next(folder.glob("*.tgz"))


def compile_package(tarball: Path) -> dict[str, Json]:
    """The content of every data file, by its name."""
    found = read_package(tarball)
    structures = compile_structures(found["StructureDefinition"])
    concrete = sorted(n for n, s in structures.items() if s["kind"] == "resource" and not s.get("abstract"))
    return {
        "structures": {"version": "4.0.1", "resourceTypes": concrete, "structures": structures},
        "codes": compile_codes(structures, found),
        "search": {
            "parameters": compile_search(found),
            "compartments": compile_compartments(found["CompartmentDefinition"]),
        },
    }


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        contents = compile_package(Path(sys.argv[1]) if len(sys.argv) > 1 else fetch(Path(folder)))
    TARGET.mkdir(parents=True, exist_ok=True)
    for name, content in contents.items():
        write(name, content)


if __name__ == "__main__":
    main()

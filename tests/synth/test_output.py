from __future__ import annotations

import gzip
import io
from typing import TYPE_CHECKING

import orjson
import pytest
from django.core.management import CommandError, call_command

from xinglin.kernel.errors import Fault, Kind
from xinglin.synth import Plan, output
from xinglin.synth import region as make_region

if TYPE_CHECKING:
    from pathlib import Path

PLAN = Plan(residents=130, seed=2, years=1)


def test_a_directory_holds_the_region_in_order(tmp_path: Path) -> None:
    done = output.write(PLAN, str(tmp_path / "made"))

    files = sorted(p.name for p in (tmp_path / "made").iterdir())
    assert files == ["directory.ndjson.gz", "residents-0001.ndjson.gz", "truth.ndjson"]
    text = b"".join(gzip.decompress((tmp_path / "made" / name).read_bytes()) for name in files[:2])
    assert text.splitlines() == list(make_region(residents=130, seed=2, years=1))
    assert done.bundles == len(text.splitlines())
    assert done.bytes == len(text)


def test_ndjson_has_a_resource_on_each_line(tmp_path: Path) -> None:
    done = output.write(PLAN, str(tmp_path / "all.ndjson"), form="ndjson")

    lines = (tmp_path / "all.ndjson").read_bytes().splitlines()
    bundles = [orjson.loads(bundle) for bundle in make_region(residents=130, seed=2, years=1)]
    assert [orjson.loads(line) for line in lines] == [e["resource"] for b in bundles for e in b["entry"]]
    assert done.resources == len(lines)


def test_the_suffix_decides_on_compression(tmp_path: Path) -> None:
    output.write(PLAN, str(tmp_path / "a.ndjson"))
    output.write(PLAN, str(tmp_path / "b.ndjson.gz"), processes=2)

    assert gzip.decompress((tmp_path / "b.ndjson.gz").read_bytes()) == (tmp_path / "a.ndjson").read_bytes()
    assert (tmp_path / "b.truth.ndjson").read_bytes() == (tmp_path / "a.truth.ndjson").read_bytes()


def test_an_unknown_form_is_refused_and_nothing_written(tmp_path: Path) -> None:
    with pytest.raises(Fault) as refused:
        output.write(PLAN, str(tmp_path / "made"), form="csv")

    assert refused.value.kind is Kind.INVALID
    assert list(tmp_path.iterdir()) == []


def test_the_command_writes_and_reports(tmp_path: Path) -> None:
    told = io.StringIO()

    call_command("synth", "--residents", "20", "--years", "1", "--out", str(tmp_path / "r"), stderr=told)

    lines = (tmp_path / "r" / "truth.ndjson").read_bytes().splitlines()
    assert len(lines) == 26
    assert told.getvalue().split()[1:4] == ["resources", "in", told.getvalue().split()[3]]


def test_the_command_refuses_an_impossible_size(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="1 to 10000000 residents, not 0"):
        call_command("synth", "--residents", "0", "--out", str(tmp_path / "r"))

    assert list(tmp_path.iterdir()) == []

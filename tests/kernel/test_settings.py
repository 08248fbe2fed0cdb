from __future__ import annotations

from pathlib import Path

import pytest

from xinglin.kernel import settings


def test_defaults_need_nothing_but_a_home(tmp_path: Path) -> None:
    read = settings.read({"XINGLIN_HOME": str(tmp_path)})

    assert (read.home, read.database_url, read.port, read.workers) == (tmp_path, None, 8080, 4)


def test_the_secret_is_made_once_and_kept(tmp_path: Path) -> None:
    first = settings.read({"XINGLIN_HOME": str(tmp_path)}).secret_key

    assert len(first) > 40
    assert settings.read({"XINGLIN_HOME": str(tmp_path)}).secret_key == first


def test_an_unknown_setting_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="XINGLIN_PROT"):
        settings.read({"XINGLIN_HOME": str(tmp_path), "XINGLIN_PROT": "80"})


@pytest.mark.parametrize(
    ("name", "value", "wanted"),
    [("XINGLIN_PORT", "eighty", "a whole number"), ("XINGLIN_DEBUG", "perhaps", "true or false")],
)
def test_a_wrong_value_is_refused(tmp_path: Path, name: str, value: str, wanted: str) -> None:
    with pytest.raises(SystemExit, match=wanted):
        settings.read({"XINGLIN_HOME": str(tmp_path), name: value})

"""The builder gives the files that are kept, and the page that describes them is current."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from xinglin.terminology import shipped

ROOT = Path(__file__).parents[2]


@pytest.fixture
def tools(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT))


def test_page_about_the_content_is_current(tools):
    from tools.content import page

    assert page.PAGE.read_text(encoding="utf-8") == page.text()


def test_builder_gives_the_same_files_again(shared_data, tmp_path, tools, monkeypatch):
    from tools.content import __main__, files

    monkeypatch.setattr(files, "TARGET", tmp_path)
    __main__.build(shared_data)

    made = {path.relative_to(tmp_path): path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    kept = {path: (shipped.CONTENT / path).read_bytes() for path in made}
    assert made == kept
    assert len(made) > 1000


def test_builder_says_what_it_lacks(tools):
    command = [sys.executable, "-m", "tools.content", "/nowhere"]

    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert ended.returncode == 1
    assert "/nowhere" in ended.stderr

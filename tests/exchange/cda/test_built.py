"""The templates that are kept are those that the tool makes, and so is the page about them."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parents[3]


def test_tool_gives_the_same_templates_again(shared_data, tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT))
    from tools.content import shared_documents

    kept, page = shared_documents.TARGET, shared_documents.PAGE.read_text(encoding="utf-8")
    monkeypatch.setattr(shared_documents, "TARGET", tmp_path)
    monkeypatch.setattr(shared_documents, "PAGE", tmp_path / "page.md")

    shared_documents.write(shared_data)

    assert (tmp_path / "page.md").read_text(encoding="utf-8") == page
    for path in kept.iterdir():
        assert (tmp_path / path.name).read_bytes() == path.read_bytes()

"""The pages' Chinese catalogue is complete and current, and the vendored files are what they should be."""

from __future__ import annotations

import gettext
import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "xinglin"
CATALOGUES = sorted(  # the pages' own; what faults of the FHIR face say is in that of api, see tests/api
    path for path in SOURCE.rglob("locale/zh_Hans/LC_MESSAGES/django.po") if "api" not in path.parts
)
_TRANSLATED = re.compile(r"""\{%\s*translate\s+("(?P<d>[^"]*)"|'(?P<s>[^']*)')""")


every_catalogue = pytest.mark.parametrize(
    "catalogue", CATALOGUES, ids=[str(path.relative_to(SOURCE).parts[0]) for path in CATALOGUES]
)


def entries(catalogue: Path) -> dict[str, tuple[str, list[str]]]:
    """A catalogue: msgid to (flags, translations)."""
    found: dict[str, tuple[str, list[str]]] = {}
    for block in catalogue.read_text().split("\n\n")[1:]:
        flags = " ".join(line for line in block.splitlines() if line.startswith("#,"))
        said: dict[str, str] = {}
        name = ""
        for line in block.splitlines():
            match = re.match(r'(msg\w+(?:\[\d\])?) "(.*)"$', line)
            if match:
                name, said[match[1]] = match[1], match[2]
            elif line.startswith('"'):
                said[name] += line[1:-1]
        translations = [text for key, text in said.items() if key.startswith("msgstr")]
        found[said["msgid"].replace('\\"', '"')] = (flags, translations)
    return found


@every_catalogue
def test_every_message_is_translated_and_none_is_fuzzy(catalogue):
    wrong = [
        msgid for msgid, (flags, said) in entries(catalogue).items() if "fuzzy" in flags or not all(said)
    ]

    assert wrong == []


@every_catalogue
def test_translations_have_the_places_of_their_messages(catalogue):
    place = re.compile(r"%\((\w+)\)s")
    wrong = [
        msgid
        for msgid, (_, said) in entries(catalogue).items()
        for text in said
        if set(place.findall(text)) != set(place.findall(msgid))
    ]

    assert wrong == []


def test_a_message_is_said_in_one_way():
    """Django joins the catalogues: of two translations of a message only one is ever seen."""
    said: dict[str, set[tuple[str, ...]]] = {}
    for catalogue in CATALOGUES:
        for msgid, (_, translations) in entries(catalogue).items():
            said.setdefault(msgid, set()).add(tuple(translations))

    assert {msgid: sorted(ways) for msgid, ways in said.items() if msgid and len(ways) > 1} == {}


def test_every_message_of_the_templates_is_in_a_catalogue():
    used = {
        match["d"] if match["d"] is not None else match["s"]
        for template in SOURCE.rglob("templates/**/*.html")
        for match in _TRANSLATED.finditer(template.read_text())
    }

    assert sorted(used - {msgid for catalogue in CATALOGUES for msgid in entries(catalogue)}) == []


@every_catalogue
def test_compiled_catalogue_is_current(catalogue):
    with catalogue.with_suffix(".mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)

    stale = [
        msgid for msgid, (_, said) in entries(catalogue).items()
        if said[0].replace('\\"', '"') not in {compiled.gettext(msgid), compiled.ngettext(msgid, msgid, 1)}
    ]  # fmt: skip
    assert stale == []


@pytest.mark.skipif(shutil.which("xgettext") is None, reason="GNU gettext is not installed")
def test_makemessages_finds_nothing_new(tmp_path):
    shutil.copytree(
        SOURCE, tmp_path / "xinglin", ignore=shutil.ignore_patterns("api", "static", "data", "*.pyc")
    )

    command = [sys.executable, "-m", "django", "makemessages", "-l", "zh_Hans", "--no-obsolete", "--no-wrap"]
    alone = {"PATH": os.environ["PATH"]}  # without Django's settings, which name the real catalogue
    subprocess.run(command, cwd=tmp_path / "xinglin", check=True, capture_output=True, env=alone)

    differing = {}
    for made in (tmp_path / "xinglin").rglob("locale/zh_Hans/LC_MESSAGES/django.po"):
        kept = SOURCE / made.relative_to(tmp_path / "xinglin")
        lists = [
            set(re.findall(r'^msgid "(.*)"$', path.read_text(), re.MULTILINE)) if path.exists() else set()
            for path in (made, kept)
        ]
        if lists[0] != lists[1]:
            differing[str(made.relative_to(tmp_path))] = lists[0] ^ lists[1]
    assert differing == {}


def test_vendored_files_are_what_was_fetched():
    spec = importlib.util.spec_from_file_location("vendor_frontend", ROOT / "tools" / "vendor_frontend.py")
    assert spec is not None
    assert spec.loader is not None
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)

    assert tool.differences() == []


def test_every_icon_of_the_templates_is_vendored_and_every_vendored_one_used():
    templates = [template.read_text() for template in SOURCE.rglob("templates/**/*.html")]
    views = [module.read_text() for module in SOURCE.rglob("*.py")]
    named = {name for text in templates for name in re.findall(r'icon (?:symbol\|default:)?"([\w-]+)"', text)}
    named |= {
        name
        for text in views
        for pair in re.findall(r'symbol = "([\w-]+)" if .* else "([\w-]+)"', text)
        for name in pair
    }
    vendored = {path.stem for path in (SOURCE / "ui/static/vendor/tabler-icons/icons").glob("*.svg")}

    assert (sorted(named - vendored), sorted(vendored - named)) == ([], [])

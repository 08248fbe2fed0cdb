"""The app's shell: what a worker keeps is the same for everybody; how large the type is."""

from __future__ import annotations

import json
import re

import pytest
from django.contrib.staticfiles import finders
from django.test import Client

from tests.residents import make
from tests.residents.entering import client_of, text
from xinglin.residents.views import shell


def test_the_app_is_described() -> None:
    told = json.loads(Client().get("/my/app.webmanifest").content)

    assert (told["start_url"], told["scope"], told["display"]) == ("/my/", "/my/", "standalone")
    assert told["icons"][0]["src"] == "/static/xl/mark.svg"


def test_the_worker_keeps_files_of_the_platform_and_the_offline_page_alone() -> None:
    answer = Client().get("/my/worker.js")
    script = answer.content.decode()
    kept = json.loads(re.search(r"const SHELL = (\[.*\]);", script)[1].replace("\\u002D", "-"))  # type: ignore[index] -- it is there

    assert answer["Content-Type"].startswith("text/javascript")
    assert kept == ["/my/offline/", *(f"/static/{name}" for name in shell.SHELL)]
    assert all(finders.find(name) for name in shell.SHELL)
    assert "cache.put" not in script
    assert script.count("cache.add") == 1


def test_the_offline_page_is_the_same_for_everybody(region, outbox) -> None:
    nobody, client = Client().get("/my/offline/"), client_of(make.wang())
    client.cookies["django_language"] = "en"

    somebody = client.get("/my/offline/")

    assert somebody.content == nobody.content
    assert not somebody.cookies
    assert "csrf" not in text(nobody)


def test_pages_of_people_are_never_stored_and_signing_out_clears_the_browser(region, outbox) -> None:
    client = client_of(make.wang())
    for path in ("/my/", "/my/record/a/results/", "/my/measurements/", "/my/shares/", "/my/messages/"):
        assert "no-store" in client.get(path)["Cache-Control"], path

    assert client.post("/my/sign-out/")["Clear-Site-Data"] == '"cache", "storage"'


@pytest.mark.parametrize(("size", "kept"), [("large", "large"), ("largest", "largest"), ("normal", "normal")])
def test_the_size_is_chosen_without_signing_in(db, size, kept) -> None:
    client = Client()

    answer = client.post("/my/size/", {"size": size, "next": "/my/sign-in/"})

    assert answer.url == "/my/sign-in/"
    assert answer.cookies["xl-size"].value == kept
    drawn = re.search(r'data-xl-size="(\w+)"', text(client.get("/my/sign-in/")))
    assert (drawn[1] if drawn else "normal") == kept


def test_another_size_or_place_is_not_taken(db) -> None:
    answer = Client().post("/my/size/", {"size": "tiny", "next": "https://example.org/"})

    assert answer.url == "/my/"
    assert "xl-size" not in answer.cookies

"""The table of routes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from xinglin.api import routes
from xinglin.api.refusals import Refusal

if TYPE_CHECKING:
    from tests.api.caller import Caller

EXAMPLES = {
    ".well-known/smart-configuration": ".well-known/smart-configuration",
    "": "",
    "metadata": "metadata",
    "_search": "_search",
    "_history": "_history",
    "{type}": "Patient",
    "{type}/_search": "Patient/_search",
    "{type}/_history": "Patient/_history",
    "{type}/{id}": "Patient/1",
    "{type}/{id}/_history": "Patient/1/_history",
    "{type}/{id}/_history/{version}": "Patient/1/_history/2",
    "{type}/{id}/{member}": "Patient/1/Observation",
    "{type}/{id}/{member}/_search": "Patient/1/*/_search",
    "$": "$validate",
    "$/{job}": "$export/7",
    "{type}/$": "Observation/$lastn",
    "{type}/{id}/$": "Patient/1/$everything",
}
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


def test_every_shape_has_an_example() -> None:
    assert set(EXAMPLES) == {route.shape for route in routes.ROUTES}


@pytest.mark.parametrize("route", routes.ROUTES, ids=lambda route: f"{route.method} {route.shape}")
def test_path_of_a_shape_finds_its_handler(route: routes.Route) -> None:
    handler, _, shape = routes.find(route.method, EXAMPLES[route.shape])

    assert (handler, shape) == (route.handler, route.shape)


def test_words_of_a_path_come_in_order() -> None:
    assert routes.find("GET", "Patient/1/_history/2")[1] == ("Patient", "1", "2")
    assert routes.find("GET", "Patient/1/$everything")[1] == ("Patient", "1", "everything")
    assert routes.find("POST", "Patient/1/*/_search")[1] == ("Patient", "1", "*")
    assert routes.find("HEAD", "Patient/1/")[1] == ("Patient", "1")


@pytest.mark.parametrize(
    ("shape", "method"),
    [
        (shape, method)
        for shape in EXAMPLES
        for method in METHODS
        if (method, shape) not in {(route.method, route.shape) for route in routes.ROUTES}
    ],
)
def test_other_methods_are_not_allowed_and_told_which_are(shape: str, method: str) -> None:
    with pytest.raises(Refusal) as caught:
        routes.find(method, EXAMPLES[shape])

    allowed = {route.method for route in routes.ROUTES if route.shape == shape}
    assert caught.value.status == 405
    assert caught.value.headers == [
        ("Allow", ", ".join(sorted(allowed | ({"HEAD"} if "GET" in allowed else set()))))
    ]


@pytest.mark.parametrize(
    "path",
    [
        "patient",
        "Patients/1",
        "Parameters/1",
        "Patient/a b",
        "Patient/" + "x" * 65,
        "Patient/1/observation",
        "Patient/1/_history/2/x",
        "metadata/x",
        "_search/x",
        "Patient//1",
        "$",
        "Patient/1/2/3",
        "../Patient",
    ],
)
def test_path_to_nothing_is_not_found(path: str) -> None:
    with pytest.raises(Refusal) as caught:
        routes.find("GET", path)

    assert caught.value.status == 404


@pytest.mark.parametrize(
    "route", [r for r in routes.ROUTES if r.shape not in routes.OPEN], ids=lambda r: f"{r.method} {r.shape}"
)
def test_nobody_comes_in_without_credentials(route: routes.Route, stranger: Caller, stored: object) -> None:
    before = stored()

    reply = stranger(route.method, EXAMPLES[route.shape], {"resourceType": "Patient", "id": "1"})

    assert reply.status == 401
    assert reply.headers["www-authenticate"] == 'Basic realm="Xinglin FHIR", charset="UTF-8"'
    assert reply.issues[0]["code"] == "login"
    assert stored() == before


@pytest.mark.parametrize("authorization", ["Bearer wrong", "Basic d3Jvbmc6d3Jvbmc=", "Digest x", "Bearer"])
def test_wrong_credentials_are_refused(authorization: str, stranger: Caller) -> None:
    stranger.authorization = authorization

    assert stranger.get("Patient/1").status == 401


def test_metadata_needs_no_credentials(stranger: Caller) -> None:
    assert stranger.get("metadata").status == 200

"""What a system says of itself, which addresses are asked, and which numbers of a patient count."""

from __future__ import annotations

from typing import Any

import pytest

from xinglin.kernel import outgoing
from xinglin.smart import configurations
from xinglin.smart.configurations import Lack
from xinglin.smart.launching import numbers_of

BASE = "https://his.example/fhir"
NATIONAL = "urn:oid:2.16.156.10011.1.3"
WANG = "11010519491231002X"  # the example of GB 11643


@pytest.mark.parametrize(
    ("address", "base", "may"),
    [
        ("https://sso.example/token", BASE, True),
        ("https://sso.example:8443/token?x=1", BASE, True),
        ("http://sso.example/token", BASE, False),
        ("http://127.0.0.1:9/token", BASE, False),
        ("https://localhost/token", BASE, False),
        ("http://127.0.0.1:9/token", "http://127.0.0.1:8/fhir", True),
        ("https://sso.example/token", "http://127.0.0.1:8/fhir", True),
        ("https://a@sso.example/", BASE, False),
        ("https://sso.example/#x", BASE, False),
        ("https://sso.example:x/", BASE, False),
        ("https://[::1/", BASE, False),
        ("https:///token", BASE, False),
        ("ftp://sso.example/", BASE, False),
        ("", BASE, False),
    ],
)
def test_address_may_be_asked(address: str, base: str, may: bool) -> None:
    assert configurations.may_ask(address, base=base) is may


@pytest.mark.parametrize(
    "said", [{}, {"issuer": 1, "authorization_endpoint": [], "capabilities": "launch-ehr", "jwks_uri": {}}]
)
def test_rubbish_lacks_everything(said: dict[str, Any]) -> None:
    found = configurations.lacks(configurations.read(said, base=BASE), by_secret=False)

    assert found == tuple(lack for lack in Lack if lack not in {Lack.ALGORITHM, Lack.SECRET})


def test_secret_needs_no_key() -> None:
    said = configurations.read({"capabilities": ["client-confidential-symmetric"]}, base=BASE)

    found = configurations.lacks(said, by_secret=True)

    assert {Lack.CLIENT, Lack.ALGORITHM, Lack.SECRET} & set(found) == set()


@pytest.mark.parametrize(
    ("host", "here"),
    [
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("0.0.0.0", True),
        ("::1", True),
        ("::ffff:127.0.0.1", True),
        ("169.254.169.254", True),
        ("fe80::1", True),
        ("224.0.0.1", True),
        ("10.1.2.3", False),
        ("203.0.113.7", False),
        ("2001:db8::1", False),
    ],
)
def test_what_leads_to_this_machine_or_its_link(host: str, here: bool) -> None:
    assert outgoing.leads_here(host) is here


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ({"system": NATIONAL, "value": WANG}, f"{NATIONAL}|{WANG}"),
        ({"system": NATIONAL, "value": WANG.lower()}, f"{NATIONAL}|{WANG}"),
        ({"system": "https://his.example/id", "type": {"text": "身份证"}, "value": WANG}, f"{NATIONAL}|{WANG}"),
        ({"system": NATIONAL, "value": "110105491231002"}, f"{NATIONAL}|{WANG}"),
        ({"system": "urn:oid:2.16.156.10011.1.19", "value": "A12345678"}, "urn:oid:2.16.156.10011.1.19|A12345678"),
    ],
    ids=["national", "small-x", "own-system", "fifteen", "card"],
)  # fmt: skip
def test_number_that_counts_is_asked_as_it_may_be_kept(given: dict[str, Any], found: str) -> None:
    assert found in numbers_of([given])


@pytest.mark.parametrize(
    "given",
    [
        {"system": "urn:oid:2.16.156.10011.1.12", "value": "0012345"},
        {"system": "https://his.example/mrn", "value": "0012345"},
        {"system": NATIONAL, "value": "110105194912310021"},
        {"system": NATIONAL, "value": "无"},
        {"system": NATIONAL},
        {},
        "110105",
        None,
    ],
)
def test_number_that_does_not_count_is_left_out(given: Any) -> None:
    assert numbers_of([given]) == ()

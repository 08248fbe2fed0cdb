"""How much one caller may ask, by the rule and at the two faces."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.api.caller import Caller
from xinglin.accounts import limits
from xinglin.accounts.limits import Buckets, Limit

if TYPE_CHECKING:
    from django.test import Client


@given(
    st.lists(st.tuples(st.floats(0, 5), st.floats(0.1, 3)), max_size=60),
    st.floats(0.1, 20),
    st.integers(3, 50),
)
def test_nobody_gets_more_than_the_burst_and_the_rate(
    asked: list[tuple[float, float]], rate: float, burst: int
) -> None:
    buckets, limit, now, granted = Buckets(), Limit(rate, burst), 100.0, 0.0

    for pause, cost in asked:
        now += pause
        wait = buckets.take("a", limit, now=now, cost=cost)
        granted += 0 if wait else cost
        assert granted <= burst + rate * (now - 100) + 1e-6
        if wait:  # what was promised is kept, and not sooner than needed
            assert buckets.take("b", limit, now=now, cost=0.1) == 0
            now += wait + 1e-9
            assert buckets.take("a", limit, now=now, cost=cost) == pytest.approx(0, abs=1e-6)
            granted += cost


def test_callers_do_not_spend_each_others_and_old_ones_are_forgotten() -> None:
    buckets, limit = Buckets(most=2), Limit(1, 1)

    assert [buckets.take(who, limit, now=0) for who in "aab"] == [0, 1, 0]
    assert buckets.take("c", limit, now=0) == 0  # a is forgotten
    assert [buckets.take(who, limit, now=0) for who in "bca"] == [1, 1, 0]


def test_a_clock_that_is_set_back_gives_nothing_and_takes_nothing() -> None:
    buckets, limit = Buckets(), Limit(1, 2)

    assert [buckets.take("a", limit, now=now) for now in (100, 50, 50.5)] == [0, 0, 0.5]


def test_failures_cost_more_than_what_is_left() -> None:
    buckets, limit = Buckets(), Limit(1, 10)
    for _ in range(5):
        buckets.charge("a", limit, now=0, cost=10)

    assert buckets.take("a", limit, now=0) == 11  # never more than one burst below nothing


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[stranger]\nper_second = 1\nburst = 1\n", "should have [stranger], [person] and [program]"),
        ("[[", "should have [stranger], [person] and [program]"),
        (
            """
            stranger = { per_second = 1, burst = 0 }
            person = { per_second = 0, burst = 0 }
            program = { per_second = 0, burst = 0 }
            """,
            "[stranger] should have per_second of 0 or more, and a burst of 1 or more",
        ),
    ],
)
def test_a_wrong_file_is_named(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "limits.toml").write_text(text)

    with pytest.raises(SystemExit) as refused:
        limits.read(tmp_path / "limits.toml")

    assert said in str(refused.value)
    assert str(tmp_path) in str(refused.value)


@pytest.fixture
def few(settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three requests at once for everybody, and one more in a hundred seconds."""
    kinds = [f"[{kind}]\nper_second = 0.01\nburst = 3\n" for kind in ("stranger", "person", "program")]
    file = tmp_path / "few.toml"
    file.write_text("".join(kinds))
    settings.SETTINGS = replace(settings.SETTINGS, limits=str(file), workers=1)
    monkeypatch.setattr(limits, "_buckets", Buckets())


def test_pages_make_wait_who_asks_too_much(few: None, db: None, client: Client) -> None:
    found = [client.get("/sign-in/") for _ in range(4)]

    assert [one.status_code for one in found] == [200, 200, 200, 429]
    assert 90 <= int(found[3].headers["Retry-After"]) <= 100
    assert "过于频繁" in found[3].content.decode()


def test_an_account_is_limited_by_itself(few: None, db: None, client: Client) -> None:
    from xinglin.accounts.models import Account

    for name in ("first", "second"):
        client.force_login(Account.objects.create(username=name, roles=["doctor"]))
        assert [client.get("/residents/").status_code for _ in range(4)] == [200, 200, 200, 429]


def test_the_interface_makes_wait_too(few: None, caller: Caller) -> None:
    found = [caller("GET", "Patient/nobody") for _ in range(4)]

    assert [one.status for one in found] == [404, 404, 404, 429]
    assert 90 <= int(found[3].headers["retry-after"]) <= 100
    assert found[3].json["issue"][0]["code"] == "throttled"


def test_wrong_tokens_are_dear(few: None, record: None) -> None:
    guessing = Caller("Bearer wrong")

    found = [guessing("GET", "Patient/nobody") for _ in range(3)]

    assert [one.status for one in found] == [401, 429, 429]


def test_the_shipped_limits_can_be_read() -> None:
    shipped = limits.read(Path(limits.__file__).parent / "data" / "limits-1.toml")

    assert set(shipped) == {"stranger", "person", "program"}
    assert shipped["program"].per_second == 0

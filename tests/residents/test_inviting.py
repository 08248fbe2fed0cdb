"""Letting somebody see the own record: offered with a code and a PIN, accepted by the other, ended by either."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from tests.residents import make
from tests.residents.entering import client_of, plain, text
from xinglin.accounts.events import NOWHERE
from xinglin.kernel import clock
from xinglin.kernel.errors import Fault, Kind
from xinglin.record import database
from xinglin.residents import acting, inviting, queries, rules
from xinglin.residents.inviting import Wish
from xinglin.residents.rules import Scope


def wish(relation: str = "carer", scope: Scope = Scope.SEE, days: int = 30) -> Wish:
    return Wish(relation, scope, rules.day_of(clock.now()) + timedelta(days=days))


def invited(registration, **more):
    return inviting.invite(
        database.connection(), registration=registration, wish=wish(**more), now=clock.now()
    )


def accepted(made, registration, *, pin: str = "", later: float = 0):
    return inviting.accept(
        database.connection(), token=made.token, pin=pin or made.pin, registration=registration,
        now=clock.now() + timedelta(minutes=later), origin=NOWHERE,
    )  # fmt: skip


def choices(registration) -> list[str]:
    return [one.patient for one in acting.choices(database.connection(), registration, clock.now())]


@pytest.fixture
def both(region, outbox):
    return make.wang(), make.lin()


def test_who_accepts_sees_by_a_mandate_until_the_last_day(both):
    wang, lin = both

    given = accepted(invited(wang), lin)

    assert (given.kind, given.scope, given.relation, given.evidence) == (
        "mandate",
        "see",
        "carer",
        "invitation",
    )
    assert given.until == rules.midnight_after(wish().last_day)
    assert given.binding is None
    assert queries.name_of(given) == "王桂兰"
    assert choices(lin) == ["lin", wang.patient]


def test_a_wrong_pin_is_counted_and_five_end_it(both):
    wang, lin = both
    made = invited(wang)
    wrong = "0000" if made.pin != "0000" else "0001"

    for _ in range(rules.inviting().wrong_pins):
        assert accepted(made, lin, pin=wrong) is None

    with pytest.raises(Fault) as refused:
        accepted(made, lin)
    assert refused.value.kind is Kind.NOT_FOUND
    assert choices(lin) == ["lin"]


def test_an_invitation_is_accepted_once_and_in_time(both):
    wang, lin = both
    used, late = invited(wang), invited(wang)
    accepted(used, lin)

    for made, later in ((used, 0.0), (late, rules.inviting().minutes + 1)):
        with pytest.raises(Fault) as refused:
            accepted(made, lin, later=later)
        assert refused.value.kind is Kind.NOT_FOUND
    assert len(queries.over(database.connection(), wang.patient)) == 1


def test_nobody_accepts_their_own_or_a_second_one(both):
    wang, lin = both
    with pytest.raises(Fault) as own:
        accepted(invited(wang), wang)
    accepted(invited(wang), lin)
    with pytest.raises(Fault) as again:
        accepted(invited(wang), lin)

    assert (own.value.kind, again.value.kind) == (Kind.FORBIDDEN, Kind.CONFLICT)
    assert len(queries.over(database.connection(), wang.patient)) == 1


@pytest.mark.parametrize(
    "more", [{"relation": "parent"}, {"days": -1}, {"days": 5000}, {"relation": "nobody"}]
)
def test_what_no_mandate_can_be_is_not_offered(both, more):
    with pytest.raises(Fault) as refused:
        invited(both[0], **more)

    assert refused.value.kind is Kind.INVALID
    assert make.rows("invitation") == []


def test_too_many_at_once_are_refused(both):
    for _ in range(rules.inviting().most_open):
        invited(both[0])

    with pytest.raises(Fault) as refused:
        invited(both[0])

    assert refused.value.kind is Kind.CONFLICT


def test_a_child_invites_nobody(both):
    from dataclasses import replace

    with pytest.raises(Fault) as refused:
        invited(replace(both[0], patient="boy"))

    assert refused.value.kind is Kind.FORBIDDEN


def test_token_and_pin_are_kept_as_keyed_hashes_alone(both):
    made = invited(both[0])

    ((token, pin),) = make.rows("invitation", "token, pin")
    assert made.token not in token
    assert made.pin != pin


def test_old_invitations_are_forgotten_and_what_came_of_them_stays(both):
    wang, lin = both
    accepted(invited(wang), lin)

    assert inviting.forget(database.connection(), clock.now() + timedelta(days=400)) == 1
    assert choices(lin) == ["lin", wang.patient]


# -- the pages


def scanned(client) -> tuple[str, str]:
    """The address and the PIN that a page shows."""
    form = {"relation": "carer", "scope": "see", "until": wish().last_day.isoformat()}
    page = text(client.get(client.post("/my/family/invite/", form).url))
    address = re.search(r'value="https?://[^/]+(/my/invited/[^"]+)"', page)
    pin = re.search(r'xl-my-number">(\d+)<', page)
    assert address is not None
    assert pin is not None
    return address[1], pin[1]


def test_the_other_accepts_on_a_page_and_sees_and_changes_nothing(both):
    wang, lin = both
    mine, theirs = client_of(wang), client_of(lin)
    address, pin = scanned(mine)

    before = plain(theirs.get(address))
    assert "王桂兰" not in before
    assert theirs.post(address, {"pin": pin}).url == "/my/family/"
    (held,) = queries.over(database.connection(), wang.patient)
    theirs.post("/my/family/switch/", {"authority": held.id})

    assert theirs.get(f"/my/record/{wang.patient}/results/").status_code == 200
    kept = {"systolic": "120", "diastolic": "80"}
    assert theirs.post("/my/measurements/pressure/", kept).status_code == 403
    assert theirs.post("/my/constitution/ask/", {"answer": "1"}).status_code == 403
    assert "林志强" in plain(mine.get("/my/"))
    assert "只能查看" in plain(mine.get("/my/family/"))
    assert theirs.post("/my/family/switch/", {"authority": ""}).status_code == 302


def test_who_may_act_keeps_measurements_and_who_invited_ends_it(both):
    wang, lin = both
    held = accepted(invited(wang, scope=Scope.ACT), lin)
    theirs = client_of(lin)
    theirs.post("/my/family/switch/", {"authority": held.id})

    kept = {"systolic": "120", "diastolic": "80"}
    assert theirs.post("/my/measurements/pressure/", kept).status_code == 302
    assert theirs.get("/my/readers/").status_code == 403
    client_of(wang).post(f"/my/family/{held.id}/withdraw/")

    assert theirs.get(f"/my/record/{wang.patient}/results/").status_code == 404
    assert choices(lin) == ["lin"]


def test_an_invitation_is_taken_back_and_its_page_says_so(both):
    wang, lin = both
    mine = client_of(wang)
    address, pin = scanned(mine)
    (one,) = inviting.of_patients(database.connection(), [wang.patient])

    assert mine.post(f"/my/family/invitations/{one.id}/end/").url == "/my/family/"
    answer = client_of(lin).post(address, {"pin": pin})

    assert answer.status_code == 404
    assert "邀请无效或已过期" in plain(answer)
    assert choices(lin) == ["lin"]


def test_who_acts_for_another_invites_nobody(both):
    wang, lin = both
    held = accepted(invited(wang, scope=Scope.ACT), lin)
    theirs = client_of(lin)
    theirs.post("/my/family/switch/", {"authority": held.id})

    form = {"relation": "carer", "scope": "see", "until": wish().last_day.isoformat()}
    assert theirs.post("/my/family/invite/", form).status_code == 403
    assert "让家人看我的档案" not in plain(theirs.get("/my/family/"))


def test_who_is_not_signed_in_is_led_to_the_sign_in_and_back(both):
    from django.test import Client

    made = invited(both[0])
    answer = Client().get(f"/my/invited/{made.token}/")

    assert answer.url == f"/my/sign-in/?next=%2Fmy%2Finvited%2F{made.token}%2F"

"""What a resident's open page hears of, and the part of the readers' page that is asked for again."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from tests.live.listening import key_of
from tests.residents import make
from tests.residents.entering import client_of, text
from xinglin.kernel import clock
from xinglin.kernel.ids import self_number
from xinglin.live import tickets
from xinglin.record import access, database, notices, telling
from xinglin.record.door import open_as
from xinglin.residents import authorities
from xinglin.residents.views import entering

ASKED = "/ui/live/?for=notices&for=readers"
PART = {"HX-Request": "true", "Xl-Aside": "1"}


@pytest.fixture(autouse=True)
def live(settings, outbox):
    settings.SETTINGS = replace(settings.SETTINGS, live=True)


def heard(client):
    """Kind to the digests of its topics."""
    now, key = clock.now().timestamp(), key_of(client)
    return {
        kind: set(tickets.read(ticket, session=key, now=now).topics)
        for kind, ticket in client.get(ASKED).json().items()
    }


def digests(kind, *patients):
    if kind == "readers":
        return {telling.digest(access.readers_of(self_number("Patient", one))) for one in patients}
    return {telling.digest(notices.topic(notices.of_patient(one))) for one in patients}


def test_a_resident_hears_of_all_their_patients_and_of_nobody_elses(region):
    client = client_of(make.wang())

    told = heard(client)

    assert told["readers"] == digests("readers", "a", "b")
    assert told["notices"] >= digests("notices", "a", "b")
    assert told["notices"].isdisjoint(digests("notices", "lin", "boy"))
    assert '<xl-live data-for="readers"' in text(client.get("/my/readers/"))
    assert '<xl-live data-for="notices"' in text(client.get("/my/"))


def test_who_acts_for_a_child_hears_of_the_child_until_that_ends(region):
    lin = make.lin()
    given = make.given(lin)
    client = client_of(lin)
    session = client.session
    session[entering.ACTING] = given.id
    session.save()
    assert heard(client)["readers"] == digests("readers", "boy")

    authorities.withdraw(region, number=given.id, actor=make.CLERK, now=clock.now())

    assert heard(client)["readers"] == digests("readers", "lin")


def test_who_acts_by_a_mandate_does_not_hear_who_looks(region):
    lin = make.lin()
    given = make.given(lin, name="王桂兰", document=make.WANG, relation="child")
    client = client_of(lin)
    session = client.session
    session[entering.ACTING] = given.id
    session.save()

    told = heard(client)

    assert "readers" not in told
    assert told["notices"].isdisjoint(digests("notices", "a", "b"))
    assert client.get("/my/messages/unread/").content == b""


def seen_on(answer):
    return re.search(r'id="looks-seen" name="seen" value="(\d*)"', text(answer))[1]  # type: ignore[index] -- it is there


def own_looks(region):
    access.flush()
    row = region.execute("SELECT count(*) FROM record_access WHERE action = %s", [access.QUIET]).fetchone()
    return row[0]


def test_the_part_comes_when_somebody_has_looked_and_nothing_is_noted_while_nobody_has(region):
    client = client_of(make.wang())
    access.flush()
    page = client.get("/my/readers/")
    newest, noted = seen_on(page), own_looks(region)

    unchanged = client.get(f"/my/readers/?seen={newest}", headers=PART)
    assert (unchanged.status_code, unchanged.content) == (204, b"")
    assert own_looks(region) == noted

    open_as(replace(make.CLERK, name="somebody else")).read("Patient", "a")
    access.flush()
    part = client.get(f"/my/readers/?seen={newest}", headers=PART)
    assert part.status_code == 200
    assert "<html" not in text(part)
    assert text(part).count("xl-sitting-who") == text(page).count("xl-sitting-who") + 1
    assert int(seen_on(part)) > int(newest)
    assert own_looks(region) == noted + 1
    assert client.get(f"/my/readers/?seen={seen_on(part)}", headers=PART).status_code == 204


def test_the_bell_says_how_many_messages_are_unread(region):
    client = client_of(make.wang())
    assert client.get("/my/messages/unread/").content == b""
    notices.tell(
        database.connection(),
        to=[notices.of_patient("b")],
        kind="share",
        about="",
        message="m",
        now=clock.now(),
    )

    assert client.get("/my/messages/unread/").content == b"<b>1</b>"

"""Acting for others: asked for, approved, over at the right moment, withdrawn by either; and what the policy opens."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from tests.healthcard import make as cards
from tests.residents import make
from tests.residents.make import CLERK
from xinglin.accounts.models import Account, Event
from xinglin.healthcard import queries as card_queries
from xinglin.kernel import clock
from xinglin.kernel.actor import SYSTEM
from xinglin.kernel.errors import Fault
from xinglin.record import access, database
from xinglin.record.door import open_as
from xinglin.residents import acting, authorities, queries
from xinglin.residents.rules import State

TYPES = ("Patient", "Observation", "DiagnosticReport", "RelatedPerson")


@pytest.fixture(params=["open", "region"])
def policy(request, settings):
    settings.SETTINGS = replace(settings.SETTINGS, policy=request.param)
    return request.param


def actor(registration, purpose="PATRQT"):
    return acting.actor_of(Account.objects.get(pk=registration.account), purpose=purpose)


def seen(who, type_name="Observation", **pairs) -> set[str]:
    page = open_as(who).search(type_name, [*pairs.items(), ("_count", "100")])
    return {entry.stored.id for entry in page.entries}


def test_a_resident_sees_all_patients_of_the_own_person_and_nobody_elses(region, policy):
    lin, wang = make.lin(), make.wang()

    assert seen(actor(wang)) == {"o-a", "o-b"}
    assert seen(actor(wang), "Patient") == {"a", "b"}
    assert seen(actor(lin)) == {"o-lin"}
    for type_name, id_ in (("Patient", "lin"), ("Observation", "o-lin"), ("DiagnosticReport", "r-boy")):
        with pytest.raises(Fault, match="no "):
            open_as(actor(wang)).read(type_name, id_)


def test_a_refused_read_leaves_a_line_with_the_resident_and_whose_it_was(region, policy):
    wang = make.wang()
    with pytest.raises(Fault):
        open_as(actor(wang)).read("Observation", "o-lin")

    access.flush()
    line = access.latest_of(region, wang.actor, limit=1)[0].line

    assert (line.action, line.outcome, line.purpose, line.id) == ("read", "deny", "PATRQT", "o-lin")


def test_a_resident_writes_nothing_and_exports_no_bulk(region, policy):
    wang = make.wang()

    with pytest.raises(Fault, match="right to write"):
        open_as(actor(wang)).create(make.observation("x", "a"))


def test_other_purposes_than_the_residents_are_not_taken(region):
    wang = make.wang()

    assert actor(wang, purpose="TREAT").purpose == "PATRQT"


def test_a_parent_acts_for_a_child_from_the_approval_on(region, policy):
    lin = make.lin()
    connection = region
    asked = authorities.ask(connection, registration=lin, wish=make.wish(), now=clock.now())
    assert seen(actor(lin, "FAMRQT")) == set()

    authorities.approve(
        connection,
        number=asked,
        seen=authorities.Seen("第 3 页", consent=False),
        actor=CLERK,
        now=clock.now(),
    )

    assert seen(actor(lin, "FAMRQT")) == {"o-boy"}
    assert seen(actor(lin)) == {"o-lin"}  # each purpose opens its own
    found = queries.authority(connection, asked)
    assert found.until == datetime(2038, 5, 31, 16, tzinfo=UTC)  # midnight here, when he is 18
    related = open_as(SYSTEM).read("RelatedPerson", found.related).resource
    assert related["patient"] == {"reference": "Patient/boy"}
    assert related["relationship"][0]["coding"][0]["code"] == "PRN"
    assert related["name"] == [{"text": "林志强"}]
    kinds = list(Event.objects.filter(account=lin.account).order_by("place").values_list("kind", flat=True))
    assert kinds == ["resident-bound", "authority-asked", "authority-given"]


def test_the_log_names_the_delegate_and_for_whom(region, policy):
    lin = make.lin()
    make.given(lin)

    open_as(actor(lin, "FAMRQT")).read("Observation", "o-boy")

    access.flush()
    line = access.latest_of(region, lin.actor, limit=1)[0].line
    assert (line.actor, line.purpose, line.id) == (lin.actor, "FAMRQT", "o-boy")
    assert line.patient == open_as(SYSTEM).read("Observation", "o-boy").patient


def test_an_authority_ends_by_itself(region, policy):
    lin = make.lin()
    held = make.given(lin)
    soon = clock.now() + timedelta(seconds=-1)

    region.execute(
        "UPDATE record_relation SET until = %s WHERE actor = %s AND kind = 'guardian'", [soon, lin.actor]
    )
    region.execute("UPDATE residents_authority SET until = %s WHERE id = %s", [soon, held.id])

    assert seen(actor(lin, "FAMRQT")) == set()
    assert [one.kind.value for one in acting.choices(region, lin, clock.now())] == ["own"]


def test_it_can_be_asked_for_again_when_it_has_ended(region):
    lin = make.lin()
    held = make.given(lin)
    authorities.withdraw(region, number=held.id, actor=CLERK, now=clock.now())

    assert make.given(lin).state is State.GIVEN
    assert seen(actor(lin, "FAMRQT")) == {"o-boy"}


def test_a_withdrawn_authority_opens_nothing_at_once(region, policy):
    lin = make.lin()
    held = make.given(lin)
    assert seen(actor(lin, "FAMRQT")) == {"o-boy"}

    authorities.withdraw(region, number=held.id, actor=actor(lin), now=clock.now())

    assert seen(actor(lin, "FAMRQT")) == set()
    assert open_as(SYSTEM).read("RelatedPerson", held.related).resource["active"] is False
    assert card_queries.binding(region, held.binding).revoked is not None
    with pytest.raises(Fault, match="ended already"):
        authorities.withdraw(region, number=held.id, actor=CLERK, now=clock.now())


def test_a_mandate_of_a_grown_up_needs_consent_and_lasts_two_years_at_most(region):
    lin = make.lin()
    asked = authorities.ask(
        region, registration=lin, wish=make.wish("王桂兰", make.WANG, "child"), now=clock.now()
    )
    with pytest.raises(Fault, match="grown-up holder must agree"):
        authorities.approve(
            region, number=asked, seen=authorities.Seen("户口簿", consent=False), actor=CLERK, now=clock.now()
        )
    assert queries.authority(region, asked).state is State.ASKED
    assert seen(actor(lin, "FAMRQT")) == set()

    held = authorities.approve(
        region, number=asked, seen=authorities.Seen("户口簿", consent=True), actor=CLERK, now=clock.now()
    )

    assert held.kind is not None
    assert held.kind.value == "mandate"
    assert held.until is not None
    assert held.until - clock.now() <= timedelta(days=731)
    assert seen(actor(lin, "FAMRQT")) == {"o-a", "o-b"}


def test_a_mandate_shows_no_sensitive_data_and_the_resident_sees_it(region, settings):
    settings.SETTINGS = replace(settings.SETTINGS, policy="region")
    cards.store(
        {
            "resourceType": "Condition",
            "id": "hiv",
            "subject": {"reference": "Patient/a"},
            "code": make.HIV,
        }
    )
    lin, wang = make.lin(), make.wang()
    make.given(lin, name="王桂兰", document=make.WANG, relation="child")

    assert seen(actor(lin, "FAMRQT"), "Condition") == set()
    assert seen(actor(wang), "Condition") == {"hiv"}


def test_a_parent_of_a_grown_up_is_refused(region):
    lin = make.lin()
    asked = authorities.ask(
        region, registration=lin, wish=make.wish("王桂兰", make.WANG, "parent"), now=clock.now()
    )

    with pytest.raises(Fault, match="is for holders"):
        authorities.approve(
            region, number=asked, seen=authorities.Seen("户口簿", consent=True), actor=CLERK, now=clock.now()
        )

    assert seen(actor(lin, "FAMRQT")) == set()


def test_nobody_decides_about_their_own_request(region):
    lin = make.lin()
    asked = authorities.ask(region, registration=lin, wish=make.wish(), now=clock.now())
    own = replace(CLERK, id=lin.actor)

    with pytest.raises(Fault, match="own request"):
        authorities.approve(
            region, number=asked, seen=authorities.Seen("户口簿", consent=True), actor=own, now=clock.now()
        )

    assert queries.authority(region, asked).state is State.ASKED


def test_a_request_for_nobody_is_taken_and_tells_nothing(region):
    lin = make.lin()

    asked = authorities.ask(
        region, registration=lin, wish=make.wish("无此人", make.number("2019-01-01")), now=clock.now()
    )

    assert authorities.look(region, number=asked, now=clock.now()).match is None
    with pytest.raises(Fault, match="knows nobody"):
        authorities.approve(
            region, number=asked, seen=authorities.Seen("户口簿", consent=True), actor=CLERK, now=clock.now()
        )


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"MZ\x90\x00 program",
        b"<html><script>",
        b"\x89PNG\r\n\x1a\n cut off",
        b"%PDF-1.7 no end",
        b"PK\x03\x04 zip",
    ],
    ids=["empty", "program", "html", "half a picture", "half a pdf", "zip"],
)
def test_only_whole_pictures_and_pdfs_are_evidence(region, content):
    lin = make.lin()

    with pytest.raises(Fault):
        authorities.ask(region, registration=lin, wish=make.wish(file=content), now=clock.now())

    assert make.rows("authority") == []
    assert make.rows("evidence") == []


def test_too_large_a_file_is_refused(region):
    lin = make.lin()
    with pytest.raises(Fault, match="too large"):
        authorities.ask(
            region, registration=lin, wish=make.wish(file=make.PNG + bytes(5_242_880)), now=clock.now()
        )


def test_evidence_names_and_numbers_are_kept_sealed(region):
    lin = make.lin()
    asked = authorities.ask(region, registration=lin, wish=make.wish(), now=clock.now())

    kept = str(make.rows("authority")) + str(bytes(make.rows("evidence", "sealed")[0][0]))

    assert make.BOY not in kept
    assert "林小宝" not in kept
    assert "PNG" not in kept
    assert authorities.file_of(region, asked) == ("image/png", make.PNG)


def test_a_refused_request_keeps_no_evidence(region):
    lin = make.lin()
    asked = authorities.ask(region, registration=lin, wish=make.wish(), now=clock.now())

    authorities.refuse(region, number=asked, reason="户口簿不清楚", actor=CLERK, now=clock.now())

    assert make.rows("evidence") == []
    assert queries.authority(region, asked).reason == "户口簿不清楚"


def test_an_account_has_few_open_requests(region):
    lin = make.lin()
    for _ in range(5):
        authorities.ask(region, registration=lin, wish=make.wish(), now=clock.now())

    with pytest.raises(Fault, match="wait for a desk"):
        authorities.ask(region, registration=lin, wish=make.wish(), now=clock.now())


def test_closing_an_account_closes_all_that_it_opens(region, policy):
    lin = make.lin()
    make.given(lin)

    authorities.leave(region, registration=lin, actor=actor(lin), now=clock.now())

    assert seen(actor(lin)) == set()
    assert seen(actor(lin, "FAMRQT")) == set()
    assert not Account.objects.get(pk=lin.account).is_active
    assert make.lin().account != lin.account  # another may be opened


def test_the_account_follows_its_patient_when_persons_are_merged(region):
    wang = make.wang()
    make.person("c", "王桂兰", "1949-12-31", make.WANG)
    cards.store(make.observation("o-c", "c"))

    cards.one_person("a", "c")

    assert seen(actor(wang)) == {"o-a", "o-b", "o-c"}
    assert make.registration_of("王桂兰", make.WANG) == wang


def test_an_own_last_day_is_kept_and_the_past_is_refused(region):
    lin = make.lin()
    with pytest.raises(Fault, match="in the past"):
        authorities.ask(region, registration=lin, wish=make.wish(until=date(2020, 1, 1)), now=clock.now())
    tomorrow = clock.now().date() + timedelta(days=2)

    held = make.given(lin, until=tomorrow)

    assert held.until is not None
    assert held.until - clock.now() < timedelta(days=4)


def test_two_clerks_cannot_both_decide(region):
    lin = make.lin()
    asked = authorities.ask(region, registration=lin, wish=make.wish(), now=clock.now())
    authorities.approve(
        region, number=asked, seen=authorities.Seen("户口簿", consent=False), actor=CLERK, now=clock.now()
    )

    with pytest.raises(Fault, match="decided already"):
        authorities.refuse(region, number=asked, reason="不", actor=CLERK, now=clock.now())

    relations = database.connection().execute("SELECT count(*) FROM record_relation WHERE kind = 'guardian'")
    assert relations.fetchone() == (1,)

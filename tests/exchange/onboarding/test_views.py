"""The pages of onboarding: who may open them, what they say, what they do."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import pytest

from tests.exchange.onboarding import make
from xinglin.exchange import senders
from xinglin.exchange.onboarding import queries
from xinglin.exchange.onboarding.models import Onboarding, Sample
from xinglin.kernel import clock
from xinglin.record import access, database

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.test import Client

pytestmark = pytest.mark.usefixtures("sender")
ROOT = "/exchange/onboarding/"


@pytest.fixture(autouse=True)
def _at_that_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: make.NOW)


def upload(client: Client, held: Onboarding, files: list[tuple[str, bytes]], pasted: str = "") -> Any:
    given = []
    for name, body in files:
        file = io.BytesIO(body)
        file.name = name
        given.append(file)
    return client.post(f"{ROOT}{held.pk}/samples/", {"files": given, "pasted": pasted})


def said(response: Any) -> str:
    return response.content.decode()  # type: ignore[no-any-return]  # a test client's answer


def accesses(action: str) -> list[tuple[Any, ...]]:
    access.flush()
    return database.connection().execute(
        "SELECT actor, outcome, query FROM record_access WHERE action = %s ORDER BY place", [action]
    ).fetchall()  # fmt: skip


@pytest.mark.parametrize(
    ("role", "statuses"),
    [
        ("administrator", (200, 200, 200, 200, 200)),
        ("steward", (200, 200, 200, 200, 403)),
        ("operator", (200, 403, 200, 403, 403)),
        ("doctor", (403, 403, 403, 403, 403)),
        ("nurse", (403, 403, 403, 403, 403)),
    ],
)
def test_each_role_opens_what_it_may(
    browser: Callable[..., Client], begun: Callable[..., Onboarding], role: str, statuses: tuple[int, ...]
) -> None:
    held = begun()
    upload(browser("steward"), held, make.hospital())
    sample = Sample.objects.filter(onboarding=held).first()
    assert sample is not None
    client = browser(role)

    paths = ("", "new/", f"{held.pk}/", f"{held.pk}/samples/{sample.pk}/", f"{held.pk}/let-in/")
    assert tuple(client.get(ROOT + path).status_code for path in paths) == statuses


def test_nobody_without_signing_in(browser: Callable[..., Client], begun: Callable[..., Onboarding]) -> None:
    held = begun()
    client = browser(None)

    for path in ("", "new/", "points/", f"{held.pk}/", f"{held.pk}/print/"):
        assert client.get(ROOT + path).status_code == 302
    assert upload(client, held, make.hospital(1)).status_code == 302
    assert Sample.objects.count() == 0


@pytest.mark.parametrize(
    ("role", "path"),
    [
        ("operator", "samples/"), ("operator", "again/"), ("operator", "stop/"), ("steward", "let-in/"),
        ("doctor", "resume/"),
    ],
)  # fmt: skip
def test_what_may_not_be_done_is_refused_and_changes_nothing(
    browser: Callable[..., Client], begun: Callable[..., Onboarding], role: str, path: str
) -> None:
    held = begun()

    response = browser(role).post(f"{ROOT}{held.pk}/{path}", {"pasted": make.registered(), "note": "x"})

    assert response.status_code == 403
    held.refresh_from_db()
    assert (held.state, Sample.objects.count()) == ("open", 0)


def test_a_vendor_repeats_until_green_and_is_let_in(browser: Callable[..., Client]) -> None:
    steward, administrator = browser("steward"), browser("administrator")
    given = {"sender": "h09", "name": "第九医院", "what": f"hl7v2:{make.HOSPITAL}", "contact": "某厂商"}
    begun = steward.post(ROOT + "new/", given)
    held = Onboarding.objects.get(sender="h09")
    assert begun["Location"] == f"{ROOT}{held.pk}/"

    assert upload(steward, held, make.hospital(2)).status_code == 302
    page = said(steward.get(f"{ROOT}{held.pk}/"))
    assert "测试中" in page
    assert "let-in/" not in page
    upload(steward, held, make.hospital(3)[10:])
    assert f"{ROOT}{held.pk}/let-in/" not in said(steward.get(f"{ROOT}{held.pk}/"))
    assert f"{ROOT}{held.pk}/let-in/" in said(administrator.get(f"{ROOT}{held.pk}/"))

    shown = said(administrator.post(f"{ROOT}{held.pk}/let-in/"))
    assert shown.count("xls_") == 1
    assert "h09" in {one.code for one in senders.every(database.connection()) if one.active}
    assert administrator.post(f"{ROOT}{held.pk}/let-in/").status_code == 409
    assert upload(steward, held, make.hospital(1)).status_code == 422


def test_findings_lead_to_the_line_of_the_sample(
    browser: Callable[..., Client], begun: Callable[..., Onboarding]
) -> None:
    held = begun()
    client = browser("steward")
    upload(
        client, held, [], pasted=make.resulted(value="forty").replace("|NM|", "|DT|").replace("\r", "\r\n")
    )

    sample = queries.samples(held)[0]
    page = said(client.get(f"{ROOT}{held.pk}/"))
    assert f"{ROOT}{held.pk}/samples/{sample.pk}/#line-5" in page
    lines = said(client.get(f"{ROOT}{held.pk}/samples/{sample.pk}/"))
    assert '<tr id="line-5" class="wrong">' in lines
    assert '<tr id="line-1">' in lines
    assert "OBX-5" in lines


def test_looks_at_samples_and_reports_are_noted(
    browser: Callable[..., Client], begun: Callable[..., Onboarding]
) -> None:
    held = begun()
    client = browser("steward")
    upload(client, held, make.hospital(1))
    sample = queries.samples(held)[0]

    client.get(f"{ROOT}{held.pk}/")
    client.get(f"{ROOT}{held.pk}/samples/{sample.pk}/")

    for action in ("exchange-onboarding-report", "exchange-onboarding-sample", "exchange-onboarding-tried"):
        assert {(outcome, query) for _, outcome, query in accesses(action)} == {("permit", f"{held.pk} h09")}


def test_who_may_not_read_messages_sees_marks_but_no_findings(
    browser: Callable[..., Client], begun: Callable[..., Onboarding]
) -> None:
    held = begun()
    upload(browser("steward"), held, [("r.hl7", make.resulted().encode())])

    page = said(browser("operator").get(f"{ROOT}{held.pk}/"))

    assert "codes.known" not in page
    assert "DiagnosticReport[1]" not in page
    assert "DiagnosticReport[1]" in said(browser("steward").get(f"{ROOT}{held.pk}/"))


def test_an_institution_sees_its_own_alone(
    browser: Callable[..., Client], begun: Callable[..., Onboarding]
) -> None:
    mine, other = begun(organization="org-1"), begun(sender="h10", organization="org-2")
    client = browser("steward", "org-1")

    listed = said(client.get(ROOT))
    assert (f"{ROOT}{mine.pk}/" in listed, f"{ROOT}{other.pk}/" in listed) == (True, False)
    assert client.get(f"{ROOT}{other.pk}/").status_code == 404
    assert upload(client, other, make.hospital(1)).status_code == 404
    given = {"sender": "h11", "name": "x", "what": f"hl7v2:{make.HOSPITAL}"}
    client.post(ROOT + "new/", given)
    assert Onboarding.objects.get(sender="h11").organization == "org-1"


def test_a_sender_of_others_cannot_be_claimed(browser: Callable[..., Client]) -> None:
    details = senders.Details("别家", "org-2")
    senders.register(database.connection(), code="h07", details=details, actor=make.ACTOR, now=make.NOW)

    given = {"sender": "h07", "name": "x", "what": f"hl7v2:{make.HOSPITAL}"}
    assert browser("steward", "org-1").post(ROOT + "new/", given).status_code == 422
    assert Onboarding.objects.count() == 0


def test_what_is_typed_wrongly_is_said_at_its_field(browser: Callable[..., Client]) -> None:
    client = browser("steward")

    response = client.post(ROOT + "new/", {"sender": "H 9", "name": "x", "what": f"hl7v2:{make.HOSPITAL}"})

    assert response.status_code == 422
    assert 'id="id_sender_error"' in said(response)


def test_nothing_handed_in_is_said(browser: Callable[..., Client], begun: Callable[..., Onboarding]) -> None:
    held = begun()

    response = upload(browser("steward"), held, [])

    assert (response.status_code, Sample.objects.count()) == (422, 0)
    assert "没有新的样例" in said(response)


def test_stopping_needs_a_reason(browser: Callable[..., Client], begun: Callable[..., Onboarding]) -> None:
    held = begun()
    client = browser("steward")

    assert client.post(f"{ROOT}{held.pk}/stop/", {"note": " "}).status_code == 422
    held.refresh_from_db()
    assert held.state == "open"
    client.post(f"{ROOT}{held.pk}/stop/", {"note": "换厂商"})
    held.refresh_from_db()
    assert held.state == "stopped"
    assert "换厂商" in said(client.get(f"{ROOT}{held.pk}/"))


def test_the_report_is_a_paper_in_either_language(
    browser: Callable[..., Client], begun: Callable[..., Onboarding]
) -> None:
    held = begun()
    client = browser("steward")
    upload(client, held, make.hospital())

    assert "接入测试报告" in said(client.get(f"{ROOT}{held.pk}/print/"))
    client.cookies["django_language"] = "en"
    page = said(client.get(f"{ROOT}{held.pk}/print/"))
    assert "Report on the onboarding" in page
    assert "Level 4, grade A" in page


def test_pages_ask_the_database_as_often_for_many_samples_as_for_few(
    browser: Callable[..., Client], begun: Callable[..., Onboarding], django_assert_max_num_queries: Any
) -> None:
    few, many = begun(), begun(sender="h10")
    client = browser("steward")
    upload(client, few, make.hospital(1))
    upload(client, many, make.hospital(3))
    client.get(f"{ROOT}{few.pk}/")

    with django_assert_max_num_queries(200) as asked:
        client.get(f"{ROOT}{few.pk}/")
    with django_assert_max_num_queries(len(asked)):
        client.get(f"{ROOT}{many.pk}/")

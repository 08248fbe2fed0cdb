"""The pages of residents' decisions: a clerk takes one down, withdraws it, puts it back; others only read."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from tests.record.policy.conftest import actor
from xinglin.accounts.models import Account
from xinglin.kernel import clock
from xinglin.record import access, database, sealing
from xinglin.record.door import open_as
from xinglin.record.policy import relations

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.test import Client

    from xinglin.record.door import Door

PAGE = "/residents/pat-a/consent/"
WISH = {"decision": "deny", "kinds": ["PSY"], "witness": "周敏，身份证"}


def text(answer: Any) -> str:
    return str(answer.content.decode())


def shown(role: str = "doctor", institution: str = "hosp-a") -> set[str]:
    page = open_as(actor(role, institution)).search("Condition", [("patient", "pat-a")])
    return {entry.stored.id for entry in page.entries}


def only_consent(door: Door) -> Any:
    (entry,) = door.search("Consent", []).entries
    return entry.stored


def test_a_clerk_takes_down_a_decision_withdraws_it_and_puts_it_back(
    record: Door, browser: Callable[..., Client]
) -> None:
    clerk = browser("steward")

    answer = clerk.post(PAGE, WISH)

    assert (answer.status_code, answer["Location"]) == (302, PAGE)
    assert shown() == {"cold-a", "virus-a"}
    page = text(clerk.get(PAGE))
    assert "精神心理健康" in page
    assert "周敏，身份证" in page
    stored = only_consent(record)
    change = f"{PAGE}{stored.id}/"

    assert clerk.post(change, {"act": "withdraw", "witness": "周敏"}).status_code == 302
    assert shown() == {"cold-a", "mind-a", "virus-a"}
    assert clerk.post(change, {"act": "withdraw", "witness": "周敏"}).status_code == 409

    clerk.post(change, {"act": "restore", "witness": "周敏"})
    assert shown() == {"cold-a", "virus-a"}
    assert only_consent(record).version == 3


def test_a_clerk_sees_decisions_about_what_the_clerk_may_not_see(
    record: Door, browser: Callable[..., Client], settings: Any
) -> None:
    settings.SETTINGS = replace(settings.SETTINGS, policy="region")
    clerk = browser("steward")

    clerk.post(PAGE, {**WISH, "kinds": ["PSY", "HIV"]})

    assert text(clerk.get(PAGE)).count("立即撤回") == 2


def test_each_kind_is_a_decision_of_its_own_with_its_exceptions(
    record: Door, browser: Callable[..., Client]
) -> None:
    clerk = browser("steward")

    clerk.post(
        PAGE, {**WISH, "kinds": ["PSY", "visits"], "readers": "Hospital a", "others": "Organization/hosp-b"}
    )

    said = [entry.stored.resource["provision"] for entry in record.search("Consent", []).entries]
    assert sorted("class" in each for each in said) == [False, True]
    assert {each["actor"][0]["reference"]["reference"] for each in said} == {"Organization/hosp-a"}
    assert {each["provision"][0]["actor"][0]["reference"]["display"] for each in said} == {"Hospital b"}
    assert shown() == set()
    assert shown("doctor", "hosp-b") == {"cold-a", "mind-a", "virus-a"}


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"kinds": []}, "请至少选择一类数据"),
        ({"witness": ""}, "请写明见证人"),
        ({"readers": "Hospital"}, "Organization/hosp-b"),
        ({"readers": "月球医院"}, "名录中没有"),
        ({"since": "2026-05-02", "until": "2026-05-01"}, "早于"),
        ({"readers": "Hospital a", "others": "Hospital a"}, "相同"),
    ],
    ids=["no kind", "no witness", "several readers", "no reader", "days", "same"],
)
def test_what_is_wrong_is_said_and_nothing_is_saved(
    record: Door, browser: Callable[..., Client], wrong: dict[str, Any], said: str
) -> None:
    answer = browser("steward").post(PAGE, {**WISH, **wrong})

    assert answer.status_code == 422
    assert said in text(answer)
    assert record.search("Consent", []).entries == ()


@pytest.mark.parametrize("role", ["doctor", "nurse"])
def test_who_treats_reads_the_decisions_and_changes_none(
    record: Door, browser: Callable[..., Client], role: str
) -> None:
    browser("steward").post(PAGE, WISH)
    client, stored = browser(role), only_consent(record)

    page = client.get(PAGE)
    refused = [
        client.post(PAGE, WISH),
        client.post(f"{PAGE}{stored.id}/", {"act": "withdraw", "witness": "x"}),
    ]

    assert page.status_code == 200
    assert "精神心理健康" in text(page)
    assert '<form class="xl-consent-form"' not in text(page)
    assert [answer.status_code for answer in refused] == [403, 403]
    assert only_consent(record).version == 1


def test_a_resident_decides_without_a_witness(record: Door, browser: Callable[..., Client]) -> None:
    client = browser("client", institution="")
    account = Account.objects.get(username="one-client")
    relations.open_by_hand(
        database.connection(), patient="pat-a", kind="own", since=clock.now(), actor=f"account/{account.pk}"
    )

    answer = client.post(PAGE, {"decision": "deny", "kinds": ["all"]})

    assert answer.status_code == 302
    assert shown() == set()
    notes = {each["url"]: each["valueString"] for each in only_consent(record).resource["extension"]}
    assert notes == {"urn:xinglin:consent-clerk": "林晓"}


def test_a_decision_of_another_resident_is_not_found(record: Door, browser: Callable[..., Client]) -> None:
    clerk = browser("steward")
    clerk.post(PAGE, WISH)
    stored = only_consent(record)

    answers = [
        clerk.get(f"/residents/pat-b/consent/{stored.id}/paper/"),
        clerk.post(f"/residents/pat-b/consent/{stored.id}/", {"act": "withdraw", "witness": "x"}),
    ]

    assert [answer.status_code for answer in answers] == [404, 404]
    assert only_consent(record).resource["status"] == "active"


def test_the_form_to_sign(record: Door, browser: Callable[..., Client]) -> None:
    clerk = browser("steward")
    clerk.post(PAGE, WISH)

    filled, blank = (clerk.get(f"{PAGE}{path}") for path in (f"{only_consent(record).id}/paper/", "paper/"))

    for page in (filled, blank):
        assert page.status_code == 200
        assert "知情同意书" in text(page)
        assert "Resident a" in text(page)
    assert "周敏，身份证" in text(filled)
    assert "□" in text(blank)


def test_a_script_in_a_name_is_shown_as_text(record: Door, browser: Callable[..., Client]) -> None:
    browser("steward").post(PAGE, {**WISH, "witness": "<script>alert(1)</script>"})

    page = text(browser("doctor").get(PAGE))

    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page


def test_a_decision_leaves_a_line_of_who_took_it_down(record: Door, browser: Callable[..., Client]) -> None:
    browser("steward").post(PAGE, WISH)
    access.flush()

    row = (
        database.connection()
        .execute("SELECT actor, outcome, query FROM record_access WHERE action = 'consent'")
        .fetchall()
    )

    account = Account.objects.get(username="one-steward")
    said = [(actor, outcome, sealing.open_text(query)) for actor, outcome, query in row]
    assert said == [(f"account/{account.pk}", "permit", f"active Consent/{only_consent(record).id}")]


def test_an_emergency_is_in_the_supervisors_inbox_until_it_is_read(
    record: Door, browser: Callable[..., Client]
) -> None:
    head = browser("administrator", "主任")
    assert "还没有给您的通知" in text(head.get("/notices/"))
    open_as(actor("doctor", "hosp-a")).break_glass("pat-a", "昏迷，救护车上，急需了解")

    page = text(head.get("/notices/"))
    number = database.connection().execute("SELECT max(number) FROM record_notice").fetchone()
    assert number is not None

    assert "Test doctor" in page
    assert "/audit/patient/pat-a/" in page
    assert "未读" in page
    assert text(browser("doctor").get("/notices/")).count("Test doctor") == 0
    assert head.post("/notices/read/", {"upto": number[0]}).status_code == 302
    assert "您已读完所有通知" in text(head.get("/notices/?only=unread"))


def test_every_kind_of_notice_has_a_word():
    """A notice is tagged in words, never by its code: every kind that the source tells of is known."""
    import re
    from pathlib import Path

    from xinglin.consent.templatetags.consent import notice_kind

    source = Path(__file__).parents[2] / "src" / "xinglin"
    told = {
        kind
        for path in source.rglob("*.py")
        for call in path.read_text("utf-8").split("notices.tell(")[1:]
        for kind in re.findall(r'kind="([^"]+)"', call[:400])
    }

    assert {"recognition", "quality", "share"} <= told
    assert [kind for kind in sorted(told) if notice_kind(kind) == kind] == []

"""What a steward does with persons and the register, by keyboard and by mouse; every page in every look."""

from __future__ import annotations

import pytest

from tests.browser.test_pages import LOOKS, violations
from tests.identity import people
from tests.identity.people import VILLAGE
from xinglin.identity import actions, queries
from xinglin.identity.population import archives, counts, households, refreshing
from xinglin.identity.population.archives import Keeping
from xinglin.identity.stewardship import Kind, Verdict
from xinglin.kernel import clock
from xinglin.kernel.actor import SYSTEM
from xinglin.record import database
from xinglin.record.door import open_as

NAMESAKES = (
    ("e", "王桂蓝", "1975-01-01"),
    ("f", "王桂兰", "1990-03-04"),
    ("g", "王桂兰", "2001-06-07"),
    ("h", "黄小明", "2000-01-02"),
)


@pytest.fixture
def world(demo):
    """Divisions, namesakes in questions, a merge, a verdict to be confirmed, a household and an archive: their ids."""
    door, link = open_as(SYSTEM), database.connection()
    for code, name in people.DIVISIONS.items():
        door.update(people.location(code, name))
    address = [{"text": "杏川市杏林区东门街道松塘社区人民路38号3栋501室"}]
    for id_, name, birth in NAMESAKES:
        door.update(
            {"resourceType": "Patient", "id": id_, "name": [{"text": name}], "birthDate": birth, "address": address,
             "gender": "female", "managingOrganization": {"reference": "Organization/clinic"}}
        )  # fmt: skip
    ids = {id_: queries.person_of(link, id_) or "" for id_ in "aefgh"}
    now = clock.now()
    with link.transaction():
        link.execute("UPDATE identity_review SET state = 'settled'")  # what the matcher itself has asked
        for id_ in "efg":
            asked = actions.open_review(
                link, kind=Kind.MATCH, persons=[ids[id_], ids["a"]], actor=SYSTEM, findings=["namesake"]
            )
            ids[f"review-{id_}"] = asked.id
        ids["merged"] = str(
            actions.merge(
                link,
                survivor=ids["a"],
                other=queries.person_of(link, "d") or "",
                actor=SYSTEM,
                reason="document",
            ).number
        )
        waiting = actions.open_review(
            link, kind=Kind.REPORT, persons=[ids["h"], ids["a"]], actor=SYSTEM, findings=["reported"]
        )
        actions.decide_review(
            link,
            review=waiting.id,
            verdict=Verdict.DIFFERENT,
            reason="document",
            note="x",
            actor=SYSTEM,
            now=now,
        )
        ids["decided"] = waiting.id
        counts.load(
            link,
            counts=counts.read(f"division,year,registered,permanent\n{VILLAGE},2025,9,9\n"),
            actor=SYSTEM,
            now=now,
        )
    refreshing.everybody(actor=SYSTEM, now=now, tell=lambda _: None)
    member = households.of_person(link, [ids["f"]])
    assert member is not None
    keeping = Keeping("centre", "东门社区卫生服务中心", "黄志远", VILLAGE)
    with link.transaction():
        filed = archives.file(link, person=ids["f"], keeping=keeping, actor=SYSTEM, now=now)
    return ids | {"household": member.household, "archive": filed.number}


@pytest.mark.parametrize(("width", "theme", "language"), LOOKS)
def test_every_page_of_persons_fits_and_is_accessible(world, open_window, axe, width, theme, language):
    pages = {
        "overview": "/persons/",
        "reviews": "/persons/reviews/",
        "review": f"/persons/reviews/{world['review-e']}/",
        "confirming": "/persons/reviews/confirming/",
        "confirm": f"/persons/reviews/{world['decided']}/",
        "find": "/persons/find/?q=王桂兰",
        "person": f"/persons/{world['a']}/",
        "merge": f"/persons/{world['a']}/merge/?other={world['f']}",
        "merge-whom": f"/persons/{world['a']}/merge/",
        "unmerge": f"/persons/{world['a']}/unmerge/{world['merged']}/",
        "register": "/persons/register/",
        "village": f"/persons/register/{VILLAGE}/",
        "list": "/persons/register/list/?kind=living",
        "counts": "/persons/register/counts/",
        "archives": "/persons/archives/",
        "archive": f"/persons/archives/{world['archive']}/",
        "household": f"/persons/households/{world['household']}/",
        "sources": "/residents/a/sources/",
    }
    window = open_window(width=width, theme=theme, language=language)
    window.sign_in("steward")
    wrong = {}
    for name, path in pages.items():
        window.go(path)
        window.picture(f"people-{name}-{width}-{theme}-{language}")
        wrong[name] = violations(window, axe)
        if window.overflow() > 0:
            wrong[name].append(f"wider than the window by {window.overflow()} px")

    assert {name: found for name, found in wrong.items() if found} == {}


def test_three_reviews_are_worked_by_keyboard_alone(world, open_window):
    window = open_window()
    window.sign_in("steward")
    page = window.page
    window.go("/persons/reviews/")

    page.keyboard.press("j")
    page.keyboard.press("Enter")
    for verdict in "sdd":
        page.wait_for_selector("#decide")
        at = page.url
        page.keyboard.press(verdict)
        page.keyboard.press("2")
        page.keyboard.type("核对出生日期与住址")
        page.keyboard.press("Enter")
        page.wait_for_url(lambda url, at=at: url != at)
        window.settle()

    assert page.url == window.address + "/persons/reviews/"
    assert "您本次已处理 3 件" in page.locator(".xl-empty").inner_text()
    link = database.connection()
    assert queries.person_of(link, "e") == world["a"]
    assert (queries.person_of(link, "f"), queries.person_of(link, "g")) == (world["f"], world["g"])


def test_verdict_is_undone_and_put_aside_with_one_key(world, open_window):
    window = open_window()
    window.sign_in("steward")
    page = window.page
    window.go(f"/persons/reviews/{world['review-e']}/")
    page.keyboard.press("s")
    page.keyboard.press("1")
    page.keyboard.type("核对证件")
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: world["review-e"] not in url)

    page.keyboard.press("u")
    page.wait_for_url(f"**/{world['review-e']}/")
    assert queries.person_of(database.connection(), "e") == world["e"]
    page.keyboard.press("l")
    page.wait_for_url(lambda url: world["review-e"] not in url)

    window.go("/persons/reviews/")
    assert page.locator("tbody th").count() == 2


def test_letters_typed_into_the_words_decide_nothing(world, open_window):
    window = open_window()
    window.sign_in("steward")
    window.go(f"/persons/reviews/{world['review-e']}/")

    window.page.focus("#note")
    window.page.keyboard.type("sdlu 123")

    assert window.page.input_value("#note") == "sdlu 123"
    assert window.page.locator("#decide input:checked").count() == 0


def test_persons_are_merged_and_parted_again(world, open_window):
    window = open_window()
    window.sign_in("steward")
    page = window.page
    window.go(f"/persons/{world['f']}/merge/")
    page.fill("#other", "王桂兰")
    page.click(f"#others a[href$='other={world['g']}']")
    window.settle()
    page.select_option("#merge-reason", "document")
    page.fill("#merge-note", "核对证件")
    page.click("form:has(#merge-note) .btn-primary")
    window.settle()

    assert page.locator("#sources tbody tr").count() == 2
    page.click("#history a")
    window.settle()
    page.select_option("#unmerge-reason", "data-error")
    page.fill("#unmerge-note", "合并有误")
    page.click("form:has(#unmerge-note) .btn-primary")
    window.settle()

    assert page.url == f"{window.address}/persons/{world['g']}/"
    assert queries.patients_of(database.connection(), world["f"]) == ("f",)


def test_number_is_shown_in_full_in_a_dialog_only_when_asked(world, open_window):
    window = open_window()
    window.sign_in("steward")
    window.go(f"/persons/{world['a']}/")
    assert "11010519491231002X" not in window.page.content()

    window.page.locator("#golden .xl-reveal").first.click()
    window.page.wait_for_selector("#xl-dialog[open] li")

    assert "留痕" in window.page.locator("#xl-dialog").inner_text()


def test_doctor_sees_a_person_but_no_queue(world, open_window):
    window = open_window()
    window.sign_in("doctor")
    window.go(f"/persons/{world['a']}/")

    tabs = window.page.locator(".xl-tabs a").all_inner_texts()
    assert tabs == ["查找人员", "全员人口", "健康档案"]
    assert window.page.locator("a[href$='/merge/']").count() == 0

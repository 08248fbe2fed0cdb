"""A day in a clinic by mouse and keyboard, until the visit stands in the record at another institution."""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from tests.browser.test_pages import violations
from tests.clinic.conftest import few_terms, forget_clinics
from tests.terminology import make as tables
from xinglin.kernel import checkdigits

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tests.browser.conftest import Window

NUMBER = "45010319750302002" + checkdigits.resident("45010319750302002")
HERBS = (("bz", "10"), ("dg", "10"), ("fl", "15"), ("cx", "6"), ("gs", "1"), ("xx", "6"), ("gc", "6"))
MOST_KEYS = 60  # six a second are ten seconds
HERBAL, PATENTS = 'clinic-herbs[data-kind="herb"]', 'clinic-herbs[data-kind="patent"]'
FINDINGS = f"form:has({HERBAL}) [data-findings]"


SAID = (
    ("发热，咳嗽", {"发热": "true", "咳嗽": "true"}),
    ("无发热、咳嗽，头痛", {"发热": "mixed", "咳嗽": "mixed", "头痛": "true"}),
    ("不寐", {"不寐": "true"}),
    ("否认口苦；脉弦细", {"口苦": "mixed", "脉弦细": "true"}),
    ("", {}),
)
"""Texts with the terms that are there, or denied (mixed): a longer term wins over those in it, a denial reaches far."""
_READ = """(texts) => texts.map((text) => {
  const { denials } = document.querySelector('clinic-terms').dataset;
  const part = document.createElement('clinic-terms');
  part.dataset.denials = denials;
  const field = document.createElement('textarea');
  field.value = text;
  const chips = ['发热', '咳嗽', '头痛', '不寐', '脉细', '脉弦细', '口苦'].map((term) => {
    const chip = document.createElement('button');
    chip.dataset.term = term;
    return chip;
  });
  part.append(field, ...chips);
  document.body.append(part);
  const said = chips.filter((chip) => chip.getAttribute('aria-pressed') !== 'false');
  part.remove();
  return Object.fromEntries(said.map((chip) => [chip.dataset.term, chip.getAttribute('aria-pressed')]));
})"""


@contextmanager
def opened(blocker: Any, patients: Iterable[dict[str, Any]]) -> Iterator[None]:
    """The clinic of the demonstration, where these Patients are known; the doctor works at the hospital."""
    from xinglin.accounts.models import Account
    from xinglin.clinic import demonstrating, reference
    from xinglin.kernel import clock
    from xinglin.kernel.actor import SYSTEM
    from xinglin.record import database
    from xinglin.record.door import open_as

    few_terms(database.connection())
    for patient in patients:
        open_as(SYSTEM).update(patient)
    with blocker.unblock():
        demonstrating.open_clinic(
            database.connection(), institution="clinic", name="杏春堂中医诊所", now=clock.now()
        )
        Account.objects.filter(username="doctor").update(institution_id="hospital")
    yield
    forget_clinics()
    tables.empty(database.connection())
    with blocker.unblock():
        made = [one["username"] for one in reference.demo()["account"]]
        Account.objects.filter(username__in=made).delete()


@pytest.fixture
def clinic(demo: str, django_db_blocker: Any) -> Iterator[None]:
    """The clinic of the demonstration, and somebody whom only the hospital knows."""
    known = {
        "resourceType": "Patient", "id": "zhou", "name": [{"text": "周玉兰"}], "gender": "female",
        "birthDate": "1975-03-02", "managingOrganization": {"reference": "Organization/hospital"},
        "identifier": [{"system": "urn:oid:2.16.156.10011.1.3", "value": NUMBER}],
    }  # fmt: skip
    with opened(django_db_blocker, [known]):
        yield


class Day:
    """A window for everybody who works, and what is wrong with the pages they see."""

    def __init__(self, opening: Any, axe: str) -> None:
        self.opening, self.axe = opening, axe
        self.wrong: dict[str, list[str]] = {}

    def sign_in(self, username: str, **look: Any) -> Window:
        window: Window = self.opening(**look)
        return window.sign_in(username)

    def look_at(self, window: Window, name: str) -> None:
        window.picture(f"clinic-{name}")
        found = violations(window, self.axe)
        if window.overflow() > 0:
            found.append(f"wider than the window by {window.overflow()} px")
        if found:
            self.wrong[name] = found


def test_a_day_in_the_clinic(open_window, clinic, axe):
    day = Day(open_window, axe)
    desk, doctor = day.sign_in("tcm-nurse"), day.sign_in("tcm-doctor")
    _register(day, desk)
    _measure(day, desk)
    visit = _see(day, doctor)
    _write(day, doctor)
    _prescribe(day, doctor)
    _add_patents(day, doctor)
    _plan(day, doctor)
    _pay(day, desk)
    prescription = _dispense(day, desk)
    _close(day, desk)
    doctor.go(visit)
    doctor.page.get_by_role("button", name="结束就诊").click()
    doctor.page.wait_for_url("**/clinic/queue/")
    _elsewhere(day)
    _other_look(day, visit, prescription)

    assert day.wrong == {}


def _register(day: Day, desk: Window) -> None:
    desk.go("/clinic/")
    desk.page.fill("main input[name=q]", NUMBER)
    desk.page.keyboard.press("Enter")
    desk.page.wait_for_selector(".xl-clinic-row:has-text('周玉兰')")
    desk.settle()
    day.look_at(desk, "desk")
    found = desk.page.locator(".xl-clinic-row", has_text="周玉兰")
    found.locator("[name=urgent]").check()
    found.get_by_role("button", name="挂号").click()
    desk.page.wait_for_selector("[role=status]")
    assert "周玉兰" in desk.page.locator("[role=status]").inner_text()


def _measure(day: Day, desk: Window) -> None:
    """The nurse measures, is told what cannot be, and keeps what was typed right."""
    desk.go("/clinic/nurse/")
    desk.page.locator("tr", has_text="周玉兰").get_by_role("link", name="测量").click()
    desk.page.wait_for_url("**/measure/")
    for key, value in {"temperature": "53", "pulse": "92", "systolic": "148", "diastolic": "86"}.items():
        desk.page.fill(f"[name={key}]", value)
    desk.page.get_by_role("button", name="保存测量结果").click()
    desk.page.wait_for_selector(".xl-note[role=alert]")
    assert "30" in desk.page.locator(".xl-note[role=alert]").inner_text()
    assert desk.page.input_value("[name=pulse]") == "92"
    desk.page.fill("[name=temperature]", "36.5")
    desk.page.get_by_role("radio", name="Ⅱ级").check()
    day.look_at(desk, "measure")
    desk.page.get_by_role("button", name="保存测量结果").click()
    desk.page.wait_for_url("**/clinic/nurse/")
    desk.settle()
    assert "148 ↑" in desk.page.locator("tr", has_text="周玉兰").inner_text()
    day.look_at(desk, "nurse")


def _see(day: Day, doctor: Window) -> str:
    doctor.go("/clinic/queue/")
    doctor.page.fill("[name=room]", "2")
    doctor.page.get_by_role("button", name="叫下一位").click()
    doctor.page.wait_for_selector("tr:has-text('已叫号')")
    doctor.settle()
    day.look_at(doctor, "queue")
    doctor.go("/clinic/wall/")
    assert "周*兰" in doctor.page.locator(".xl-clinic-called").inner_text()
    day.look_at(doctor, "wall")
    doctor.go("/clinic/queue/")
    doctor.page.locator("tr", has_text="周玉兰").get_by_role("button", name="接诊").click()
    doctor.page.wait_for_url("**/clinic/visits/*/")
    doctor.settle()
    return doctor.page.url.removeprefix(doctor.address)


def _write(day: Day, doctor: Window) -> None:
    page = doctor.page
    for key, text in {
        "complaint": "入睡困难3月", "history": "3月前因劳累出现入睡困难，多梦易醒，伴心悸、神疲乏力。",
        "past": "否认高血压及药物过敏。", "basis": "思虑劳倦，伤及心脾，心神失养。", "method": "补益心脾，养血安神",
    }.items():  # fmt: skip
        page.fill(f"[name={key}]", text)
    for term in ("舌淡", "苔薄白", "面色萎黄", "不寐", "多梦", "心悸", "乏力", "脉细", "口苦", "口苦"):
        page.locator(f'button[data-term="{term}"]').click()
    assert page.input_value("[name=asking]") == "不寐，多梦，心悸，乏力，无口苦"
    assert page.locator('button[data-term="口苦"]').get_attribute("aria-pressed") == "mixed"
    page.fill("[name=asking]", "不寐，多梦，心悸，乏力，便溏")
    assert page.locator('button[data-term="便溏"]').get_attribute("aria-pressed") == "true"
    assert page.locator('button[data-term="口苦"]').get_attribute("aria-pressed") == "false"
    assert page.evaluate(_READ, [text for text, _ in SAID]) == [found for _, found in SAID]
    page.get_by_role("button", name="辨证建议").click()
    page.wait_for_selector("#clinic-proposal > *")
    page.fill("[name=disease_typed]", "不寐病")
    page.fill("[name=syndrome_typed]", "心脾两虚证")
    day.look_at(doctor, "record")
    page.get_by_role("button", name="签署病历").click()
    page.wait_for_selector(".xl-note[role=status], .xl-note[role=alert]")
    assert "已进入居民健康档案" in page.locator(".xl-note").first.inner_text()


def _prescribe(day: Day, doctor: Window) -> None:
    """Seven herbs by keyboard alone; what is stopped is mended, what needs a second signature gets it."""
    page, keys = doctor.page, 0
    page.locator(f"{HERBAL} [data-find]").focus()
    for initials, grams in HERBS:
        for text in (initials, grams):
            page.keyboard.type(text)
            page.keyboard.press("Enter")
            keys += len(text) + 1
    assert keys <= MOST_KEYS
    names = [row.get_attribute("data-name") for row in page.locator(f"{HERBAL} li").all()]
    assert names == ["白术", "当归", "茯苓", "川芎", "甘遂", "细辛", "甘草"]
    page.wait_for_selector(f"{FINDINGS} .xl-tag.red")
    stopped = page.locator(f"{FINDINGS} li", has=page.locator(".xl-tag.red")).first.inner_text()
    assert "甘草" in stopped
    assert "甘遂" in stopped
    day.look_at(doctor, "stopped")
    _sign(page)
    page.wait_for_selector(".xl-note[role=alert]")
    assert "尚未签署" in page.locator(".xl-note[role=alert]").inner_text()

    page.get_by_role("button", name="移除 甘遂").click()
    page.wait_for_function("() => !document.querySelector('[data-findings]').textContent.includes('甘遂')")
    hindering = page.locator(f"{FINDINGS} li", has=page.locator("select"))
    assert hindering.count() == 1
    assert "细辛" in hindering.inner_text()
    hindering.locator("select").select_option("need")
    page.locator("[name=boiled]").check()
    _sign(page)
    page.wait_for_selector(".xl-note[role=status]")
    assert "处方已签署" in page.locator(".xl-note[role=status]").inner_text()


def _sign(page: Any) -> None:
    page.locator(f"form:has({HERBAL})").get_by_role("button", name="签署处方").click()


def _add_patents(day: Day, doctor: Window) -> None:
    """A formula of the knowledge fills the editor and is put aside; a patent medicine is prescribed by keyboard."""
    page = doctor.page
    page.get_by_text("从方剂、协定方或既往处方开始").click()
    assert "既往处方" not in page.locator("#clinic-formulas").inner_text()
    page.get_by_label("方名、拼音或首字母").fill("四君子汤")
    page.wait_for_selector("#clinic-formulas p, #clinic-formulas li")
    page.locator(f"{PATENTS} [data-find]").focus()
    for text in ("gpw", "2", "口服，一次6g，一日3次"):
        page.keyboard.type(text)
        page.keyboard.press("Enter")
    page.wait_for_function("() => document.querySelector('clinic-herbs[data-kind=patent]').dataset.checked")
    day.look_at(doctor, "patents")
    page.locator(f"form:has({PATENTS})").get_by_role("button", name="签署处方").click()
    page.wait_for_selector(".xl-note[role=status]")
    assert "处方已签署" in page.locator(".xl-note[role=status]").inner_text()


def _plan(day: Day, doctor: Window) -> None:
    """Needles at points that are found by initials and by code."""
    page = doctor.page
    page.locator("clinic-points input").focus()
    for text in ("ht7", "zsl"):
        page.keyboard.type(text)
        page.wait_for_selector("#clinic-points-found [role=option]")
        page.keyboard.press("Enter")
    assert page.input_value("[name=points]") == "神门、足三里、"
    page.locator("select[name=item]").select_option(label="针刺 45.00")
    page.get_by_role("button", name="开具治疗").click()
    page.wait_for_selector(".xl-note[role=status]")
    assert "神门、足三里" in page.locator(".xl-clinic-row", has_text="针刺").inner_text()


def _pay(day: Day, desk: Window) -> None:
    page = desk.page
    desk.go("/clinic/till/")
    day.look_at(desk, "till")
    page.locator(".xl-clinic-row", has_text="周玉兰").get_by_role("link").click()
    page.wait_for_url("**/bill/")
    desk.settle()
    day.look_at(desk, "bill")
    page.fill("[name=given]", "500")
    page.get_by_role("button", name="收费").click()
    page.wait_for_selector(".xl-note[role=status]")
    assert "找零" in page.locator(".xl-note").inner_text()
    page.get_by_role("link", name="凭证").click()
    page.wait_for_url("**/print/")
    desk.settle()
    day.look_at(desk, "receipt")


def _dispense(day: Day, desk: Window) -> str:
    """One mixes, somebody else checks and issues."""
    pharmacist = day.sign_in("tcm-pharmacist")
    desk.go("/clinic/pharmacy/")
    desk.page.locator(".xl-clinic-row", has_text="代煎").get_by_role("link").click()
    desk.page.wait_for_url("**/clinic/pharmacy/*/")
    address = desk.page.url.removeprefix(desk.address)
    for window, step in (
        (desk, "审核签名"), (desk, "调配签名"), (pharmacist, "核对签名"), (pharmacist, "签署代煎"),
        (pharmacist, "发药签名"),
    ):  # fmt: skip
        window.go(address)
        window.page.get_by_role("button", name=step).click()
        window.page.wait_for_selector(".xl-note[role=status]")
    day.look_at(pharmacist, "dispensed")
    paper = f"/clinic/prescriptions/{address.rstrip('/').rpartition('/')[2]}/print/"
    pharmacist.go(paper)
    pharmacist.page.emulate_media(media="print")
    assert not pharmacist.page.locator(".xl-tabs").is_visible()
    signs = pharmacist.page.locator(".xl-clinic-signs").inner_text()
    assert re.sub(r"\s+", " ", signs).startswith(
        "医师 黄明轩 审核 农丽华 调配 农丽华 核对 莫家辉 代煎 莫家辉 发药 莫家辉"
    )
    pharmacist.picture("clinic-prescription-on-paper")
    return paper


def _close(day: Day, desk: Window) -> None:
    desk.go("/clinic/till/")
    expected = desk.page.locator(".xl-clinic-wide b").inner_text()
    desk.page.fill("[name=counted]", expected)
    desk.page.get_by_role("button", name="日结").click()
    desk.page.wait_for_url("**/clinic/till/closes/*/")
    desk.settle()
    day.look_at(desk, "close")
    assert "0.00" in desk.page.locator(".xl-clinic-paper dl").inner_text()


def _elsewhere(day: Day) -> None:
    """The doctor of the hospital opens the resident's record and finds the visit in it."""
    hospital = day.sign_in("doctor")
    hospital.go("/residents/zhou/problems/")
    assert "不寐病" in hospital.page.locator("main").inner_text()
    hospital.go("/residents/zhou/encounters/")
    assert "杏春堂中医诊所" in hospital.page.locator("main").inner_text()
    hospital.picture("clinic-elsewhere")


def _other_look(day: Day, visit: str, prescription: str) -> None:
    look = {"width": 390, "theme": "dark", "language": "en"}
    doctor, desk = day.sign_in("tcm-doctor", **look), day.sign_in("tcm-nurse", **look)
    doctor.go(visit)
    doctor.page.get_by_role("button", name="Open it again").click()
    doctor.page.wait_for_selector("button:has-text('End the visit')")
    for window, name, path in (
        (doctor, "visit", visit), (desk, "desk", "/clinic/"), (desk, "till", "/clinic/till/"),
        (desk, "bill", f"{visit}bill/"), (desk, "stock", "/clinic/stock/"), (desk, "paper", prescription),
        (desk, "nurse", "/clinic/nurse/"), (doctor, "records", "/clinic/records/"),
    ):  # fmt: skip
        window.go(path)
        day.look_at(window, f"{name}-phone-dark-en")

"""A stay in the ward by mouse and keyboard, until it stands in the record at another institution."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.browser.test_clinic_day import Day, opened
from tests.clinic import ward as tables_of_ward

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.browser.conftest import Window


@pytest.fixture
def clinic(demo: str, django_db_blocker: Any) -> Iterator[None]:
    """The clinic of the demonstration with its ward, in which two of its patients lie; a third is known."""
    names = ("韦桂英", "陆振华", "覃美兰", "黄文斌", "农秀珍", "梁志强", "莫玉芳", "周玉兰")
    known = [
        {
            "resourceType": "Patient", "id": f"w{number}", "name": [{"text": name}], "gender": "female",
            "birthDate": f"19{50 + number}-03-02", "managingOrganization": {"reference": "Organization/clinic"},
        }
        for number, name in enumerate(names)
    ]  # fmt: skip
    with opened(django_db_blocker, known):
        yield


def test_a_stay_in_the_ward(open_window, clinic, axe):
    day = Day(open_window, axe)
    nurse, doctor = day.sign_in("tcm-nurse"), day.sign_in("tcm-doctor")
    stay = _admit(day, nurse)
    _order(day, doctor, nurse, stay)
    _write(day, doctor, stay)
    _measure(day, nurse, stay)
    patient = _discharge(day, doctor, nurse, stay)
    _elsewhere(day, patient)
    _other_look(day)

    assert day.wrong == {}


def _admit(day: Day, nurse: Window) -> str:
    page = nurse.page
    nurse.go("/clinic/ward/")
    assert page.locator(".xl-ward-beds > li").count() == 4
    assert page.locator(".xl-ward-beds > li.taken").count() == 2
    day.look_at(nurse, "ward")
    page.locator("li.ready", has_text="床 2").get_by_role("link").click()
    page.wait_for_url("**/ward/admit/**")
    page.fill("main input[name=q]", "周玉兰")
    page.keyboard.press("Enter")
    page.wait_for_selector("form:has-text('周玉兰') [name=reason]")
    nurse.settle()
    page.fill("[name=reason]", "腰痛伴下肢麻木1周")
    page.fill("[name=deposit]", "1000")
    day.look_at(nurse, "ward-admit")
    page.get_by_role("button", name="收入院").click()
    page.wait_for_selector(".xl-note[role=status]")
    assert "周玉兰" in page.locator(".xl-note[role=status]").inner_text()
    nurse.settle()
    return page.url.removeprefix(nurse.address)


def _order(day: Day, doctor: Window, nurse: Window, stay: str) -> None:
    doctor.go(stay)
    doctor.page.select_option("[name=item]", label="针刺 45.00")
    doctor.page.fill("[name=words]", "肾俞、委中")
    doctor.page.select_option("[name=frequency]", "qd")
    doctor.page.get_by_role("button", name="签署医嘱").click()
    doctor.page.wait_for_selector("tr:has-text('肾俞')")
    doctor.settle()
    day.look_at(doctor, "ward-doctor")
    nurse.go("/clinic/ward/work/")
    day.look_at(nurse, "ward-work")
    nurse.page.locator("tr", has_text="周玉兰").get_by_role("button", name="核对医嘱").click()
    nurse.page.wait_for_selector(".xl-note[role=status]")
    nurse.go(stay)
    nurse.page.get_by_role("button", name="执行", exact=True).click()
    nurse.page.wait_for_selector("tr:has-text('1 / 1')")
    assert nurse.page.get_by_role("button", name="执行", exact=True).count() == 0
    nurse.settle()
    day.look_at(nurse, "ward-stay")


def _write(day: Day, doctor: Window, stay: str) -> None:
    page = doctor.page
    doctor.go(f"{stay}documents/admission/1/")
    for key in ("complaint", "history", "past", "personal", "physical", "method"):
        page.fill(f"[name={key}]", tables_of_ward.TEXTS[key])
    for term in ("舌紫暗", "苔薄白", "腰膝酸软", "脉弦"):
        page.locator(f'button[data-term="{term}"]').first.click()
    assert page.input_value("[name=looking]") == "舌紫暗，苔薄白"
    page.fill("[name=disease_typed]", "不寐病")
    page.fill("[name=syndrome_typed]", "心脾两虚证")
    day.look_at(doctor, "ward-document")
    page.get_by_role("button", name="签署病历").click()
    page.wait_for_selector(".xl-note[role=status], .xl-note[role=alert]")
    assert "已进入居民健康档案" in page.locator(".xl-note").first.inner_text()
    page.get_by_role("link", name="打印").click()
    page.wait_for_url("**/print/")
    assert "入院记录" in page.locator(".xl-clinic-paper h1").inner_text()


def _measure(day: Day, nurse: Window, stay: str) -> None:
    page = nurse.page
    nurse.go(f"{stay}signs/")
    for key, figure in {"temperature": "37.2", "pulse": "82", "systolic": "130", "diastolic": "80"}.items():
        page.fill(f"[name={key}]", figure)
    page.get_by_role("button", name="保存体征").click()
    page.wait_for_selector("td:has-text('37.2')")
    assert page.locator("svg path.temperature").count() == 1
    nurse.settle()
    day.look_at(nurse, "ward-chart")
    page.emulate_media(media="print")
    assert page.locator("svg.xl-ward-chart").is_visible()
    assert not page.get_by_role("button", name="保存体征").is_visible()
    nurse.picture("clinic-ward-chart-on-paper")
    page.emulate_media(media="screen")


def _discharge(day: Day, doctor: Window, nurse: Window, stay: str) -> str:
    doctor.go(stay)
    patient = doctor.page.get_by_role("link", name="完整档案").get_attribute("href")
    doctor.page.get_by_role("button", name="办理出院").click()
    doctor.page.wait_for_selector("span:has-text('已出院')")
    page = nurse.page
    nurse.go(f"{stay}bill/")
    day.look_at(nurse, "ward-bill")
    page.get_by_role("button", name="结算").click()
    page.wait_for_url("**/settlement/")
    nurse.settle()
    assert "退还" in page.locator(".xl-clinic-paper").inner_text()
    day.look_at(nurse, "ward-settlement")
    assert patient is not None
    return patient


def _elsewhere(day: Day, patient: str) -> None:
    """The doctor of the hospital finds the stay in the resident's record."""
    hospital = day.sign_in("doctor")
    hospital.go(f"{patient}encounters/")
    assert "杏春堂中医诊所" in hospital.page.locator("main").inner_text()
    assert "住院" in hospital.page.locator("main").inner_text()
    hospital.picture("clinic-ward-elsewhere")


def _other_look(day: Day) -> None:
    look = {"width": 390, "theme": "dark", "language": "en"}
    nurse = day.sign_in("tcm-nurse", **look)
    nurse.go("/clinic/ward/")
    day.look_at(nurse, "ward-phone-dark-en")
    stay = nurse.page.get_by_role("link", name="Open the stay").first.get_attribute("href")
    for name, path in (
        ("stay", stay), ("chart", f"{stay}signs/"), ("bill", f"{stay}bill/"), ("document", f"{stay}documents/first/1/"),
        ("work", "/clinic/ward/work/"), ("admit", "/clinic/ward/admit/?q=周玉兰"),
    ):  # fmt: skip
        nurse.go(path)
        day.look_at(nurse, f"ward-{name}-phone-dark-en")

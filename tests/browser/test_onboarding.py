"""A vendor's samples on the pages of onboarding: red, green, let in; in two looks."""

from __future__ import annotations

import pytest

from tests.exchange.onboarding import make
from xinglin.exchange import senders
from xinglin.exchange.doors import Door
from xinglin.record import database

ROOT = "/exchange/onboarding/"


@pytest.fixture
def _afterwards(demo):
    """Leave nothing of what the server has committed."""
    yield
    with database.connect() as connection:
        connection.execute(
            "TRUNCATE exchange_onboarding_onboarding CASCADE;"
            " DELETE FROM exchange_sender_event; DELETE FROM exchange_sender WHERE code = 'h09';"
            " DELETE FROM exchange_raw"
        )
    senders.forget()


def look(window, axe, name):
    """Keep a picture; what is too wide or against accessibility."""
    window.picture(name)
    window.page.evaluate(axe)
    found = window.page.evaluate("() => axe.run(document, {resultTypes: ['violations']})")
    wrong = [(v["id"], [n["target"] for n in v["nodes"]][:3]) for v in found["violations"]]
    return [*wrong, window.overflow()] if wrong or window.overflow() > 0 else []


def begin(window):
    window.go(ROOT + "new/")
    page = window.page
    page.fill("#id_sender", "h09")
    page.fill("#id_name", "第九人民医院")
    page.select_option("#id_what", f"hl7v2:{make.HOSPITAL}")
    page.fill("#id_contact", "某软件公司 李工 0771-1234567")
    page.click("main form .btn-primary")
    window.settle()
    return page.url.removeprefix(window.address)


def paste(window, *texts):
    window.page.fill("#pasted", "".join(texts).replace("\r", "\n"))
    window.page.click("xl-drop ~ .xl-exchange-buttons .btn-primary")
    window.settle()


def drop(window, files):
    """Let files fall on their place, as a mouse would."""
    window.page.evaluate(
        """(files) => {
          const data = new DataTransfer();
          for (const [name, text] of files) data.items.add(new File([text], name));
          const drop = document.querySelector("xl-drop");
          for (const type of ["dragover", "drop"])
            drop.dispatchEvent(new DragEvent(type, {dataTransfer: data, bubbles: true, cancelable: true}));
        }""",
        files,
    )
    window.page.click("xl-drop ~ .xl-exchange-buttons .btn-primary")
    window.settle()


@pytest.mark.usefixtures("_afterwards")
def test_a_vendor_hands_in_samples_until_green_and_is_let_in(open_window, axe):
    window = open_window()
    window.sign_in("steward")
    wrong = {"empty": look(window, axe, "onboarding-start")}
    window.go(ROOT)
    wrong["none"] = look(window, axe, "onboarding-none-1440-light-zh")
    window.go(ROOT + "points/")
    wrong["points"] = look(window, axe, "onboarding-points-1440-light-zh")

    path = begin(window)
    spoilt = make.resulted(9, value="forty").replace("|NM|", "|DT|").replace("RES9", "")
    paste(window, make.registered(), spoilt)
    wrong["red"] = look(window, axe, "onboarding-red-1440-light-zh")
    assert window.page.locator(".xl-onboarding-score.amber").count() == 1

    window.page.locator("a[href*='#line-']").first.click()
    window.settle()
    wrong["sample"] = look(window, axe, "onboarding-sample-1440-light-zh")
    assert window.page.locator("tr.wrong:target").count() == 1

    window.go(path)
    window.page.locator("form[action$='/remove/'] button").last.click()
    window.settle()
    drop(window, [[name, body.decode()] for name, body in make.hospital()[1:]])
    assert window.page.locator(".xl-onboarding-score.green").count() == 1
    assert window.page.locator("a[href$='/let-in/']").count() == 0
    wrong["green"] = look(window, axe, "onboarding-green-1440-light-zh")

    other = open_window(width=390, theme="dark", language="en")
    other.sign_in("administrator")
    for name, address in (("list", ROOT), ("new", ROOT + "new/"), ("print", path + "print/"), ("one", path)):
        other.go(address)
        wrong[f"{name} dark"] = look(other, axe, f"onboarding-{name}-390-dark-en")
    other.page.click("a[href$='/let-in/']")
    other.settle()
    wrong["let in"] = look(other, axe, "onboarding-let-in-390-dark-en")
    other.page.click("main form .btn-primary")
    other.settle()
    wrong["key"] = look(other, axe, "onboarding-key-390-dark-en")

    key = other.page.locator(".xl-exchange-secret").inner_text()
    known = senders.of_key(key, None, Door.HL7V2)
    assert known is not None
    assert known.code == "h09"
    assert {name: found for name, found in wrong.items() if found} == {}

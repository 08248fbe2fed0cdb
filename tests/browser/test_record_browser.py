"""The record browser as a doctor goes through it: what is new, contradictions, Chinese medicine, images, summary."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pytest

from tests.browser.test_pages import LOOKS, violations
from tests.exchange.dicom import make as dicom
from tests.exchange.dicom.conftest import empty, register
from tests.exchange.dicom.test_taking import send
from tests.portal import make, region, test_traditional
from tests.portal.test_changes import blood
from xinglin.exchange.naming import id_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pydicom.dataset import Dataset

    from tests.browser.conftest import Window

STUDY = id_of("h01", "ImagingStudy", dicom.STUDY)
PATIENT = id_of("h01", "Patient", "00100020")
SIDE = 128
SLICES = 8
PAGES = {
    "browser-overview": "/residents/a/",
    "browser-new": "/residents/a/changes/?days=365",
    "browser-contradictions": "/residents/a/conflicts/",
    "browser-visit": "/residents/a/encounters/e1/",
    "browser-tcm": "/residents/a/tcm/",
    "browser-images": "/residents/a/images/",
    "browser-ecg": "/residents/a/images/ecg/ekg/",
    "browser-study": f"/residents/{PATIENT}/images/{STUDY}/",
    "browser-summary": "/residents/a/summary/",
}


def phantom(number: int) -> Dataset:
    """A slice of a made-up chest in Hounsfield units: air, a body, two lungs, a spine that moves with the slice."""
    made = dicom.dataset(
        number, Rows=SIDE, Columns=SIDE, RescaleSlope=1, RescaleIntercept=-1024, WindowCenter=40, WindowWidth=400,
        PixelSpacing=[2.5, 2.5],
    )  # fmt: skip
    made.PixelData = b"".join(
        (_tissue(x, y, number) + 1024).to_bytes(2, "little") for y in range(SIDE) for x in range(SIDE)
    )
    made["PixelData"].VR = "OW"
    return made


def _tissue(x: int, y: int, number: int) -> int:
    u, v = (x - SIDE / 2) / (SIDE / 2), (y - SIDE / 2) / (SIDE / 2)
    if (u / 0.9) ** 2 + (v / 0.7) ** 2 > 1:
        return -1000
    if ((abs(u) - 0.42) / 0.3) ** 2 + (v / 0.45) ** 2 < 1:
        return -850
    if u**2 + (v - 0.5) ** 2 < 0.012:
        return 700
    if (u - 0.1) ** 2 + (v + 0.1) ** 2 < 0.01 + 0.003 * number:
        return 60
    return 30


def beat(at: float, scale: float) -> int:
    """One heart's millivolts, in hundredths, at a time in seconds."""
    phase = at % 0.8
    waves = (
        (0.12, 0.15, 0.025),
        (0.2, -0.1, 0.008),
        (0.22, 1.1, 0.011),
        (0.245, -0.25, 0.01),
        (0.45, 0.3, 0.05),
    )
    return round(100 * scale * sum(a * math.exp(-(((phase - m) / w) ** 2)) for m, a, w in waves))


def ekg() -> dict[str, Any]:
    """Ten seconds of twelve leads at 250 a second."""
    codes = ("131329", "131330", "131389", "131390", "131391", "131392", *(str(131331 + n) for n in range(6)))
    scales = (0.8, 1.0, 0.5, -0.9, 0.4, 0.8, -0.4, 0.3, 0.7, 1.2, 1.1, 0.9)
    leads = [
        {
            "code": {"coding": [{"system": "urn:oid:2.16.840.1.113883.6.24", "code": code}]},
            "valueSampledData": {
                "origin": {"value": 0, "unit": "mV"}, "period": 4, "factor": 0.01, "dimensions": 1,
                "data": " ".join(str(beat(n / 250, scale)) for n in range(2500)),
            },
        }
        for code, scale in zip(codes, scales, strict=True)
    ]  # fmt: skip
    code = {"coding": [{"system": make.LOINC, "code": "11524-6"}], "text": "十二导联心电图"}
    said = {"status": "final", "code": code, "effectiveDateTime": "2026-05-10", "component": leads}
    return make.resource("Observation", "ekg", "a", **said)


@pytest.fixture
def images(demo: str, emptied: None) -> Iterator[None]:
    """What the other pages need beside the resident of ``region``."""
    from xinglin.exchange.dicom import settling
    from xinglin.kernel import clock
    from xinglin.kernel.actor import SYSTEM
    from xinglin.record import database
    from xinglin.record.door import open_as

    connection = database.connection()
    sender = register(connection, "h01")
    send(sender, *(dicom.file(phantom(n)) for n in range(1, SLICES + 1)))
    settling.settle(connection, clock.now())
    door = open_as(SYSTEM)
    extra = (
        test_traditional.diagnosis(), test_traditional.formula(), test_traditional.tongue(),
        test_traditional.needles(), test_traditional.constitution(), ekg(), blood("x1", "A型", "a"),
        blood("x2", "O型", "b"),
    )  # fmt: skip
    for resource in extra:
        door.update(resource)
    yield
    empty()


def _look_at_the_slices(window: Window) -> None:
    """Leaf, change the window, enlarge and play, by keys alone; the words below the picture follow."""
    page = window.page
    says = page.locator(".xl-image-says")
    page.wait_for_function("() => document.querySelector('.xl-image-says').textContent.includes('/ 8')")
    first = says.inner_text()
    page.locator(".xl-stage canvas").focus()
    for key in ("ArrowDown", "2", "+"):
        page.keyboard.press(key)
    page.wait_for_function("() => document.querySelector('.xl-image-says').textContent.includes('125 %')")

    assert first.split(" · ")[0].endswith("4 / 8")
    assert says.inner_text().split(" · ")[0].endswith("5 / 8")
    assert "-600 / 1500 HU" in says.inner_text()
    page.keyboard.press(" ")
    assert page.locator("[data-tool=play]").get_attribute("aria-pressed") == "true"
    page.keyboard.press(" ")
    page.keyboard.press("1")
    middle: list[int] = page.evaluate(_MIDDLE)
    assert middle[0] == middle[1] == middle[2]
    assert 100 < middle[0] < 180  # soft tissue in its window is grey, not black or white


_MIDDLE = """() => {
  const canvas = document.querySelector('.xl-stage canvas');
  const {data} = canvas.getContext('2d').getImageData(canvas.width / 2, canvas.height / 2, 1, 1);
  return [...data];
}"""


def _measure_the_curves(window: Window) -> None:
    """The paper is to scale, and marks measure: 20 mm are 800 ms at 25 mm/s."""
    page = window.page
    page.wait_for_selector(".xl-ecg-paper .curve")
    paper = page.locator(".xl-ecg-paper")

    assert paper.get_attribute("width") == "267mm"
    assert paper.get_attribute("viewBox") == "0 0 267 132"
    assert page.locator(".xl-ecg-paper text").all_text_contents()[:2] == ["I", "aVR"]
    page.locator(".xl-paper").focus()
    for _ in range(4):
        page.keyboard.press("Shift+ArrowRight")
    assert page.locator(".xl-image-says").inner_text() == "800 ms · 0.00 mV · 75 /min"


_DEEDS: dict[str, Callable[[Window], None]] = {
    "browser-study": _look_at_the_slices,
    "browser-ecg": _measure_the_curves,
}


@pytest.mark.parametrize(("width", "theme", "language"), LOOKS)
def test_doctor_goes_through_the_record(
    open_window: Any, images: None, axe: str, width: int, theme: str, language: str
) -> None:
    window: Window = open_window(width=width, theme=theme, language=language)
    wrong: dict[str, list[str]] = {}
    window.sign_in()

    for name, path in PAGES.items():
        window.go(path)
        if name in _DEEDS:
            _DEEDS[name](window)
        window.picture(f"{name}-{width}-{theme}-{language}")
        wrong[name] = violations(window, axe)
        if window.overflow() > 0:
            wrong[name].append(f"wider than the window by {window.overflow()} px")

    assert {name: found for name, found in wrong.items() if found} == {}
    assert region.HOSPITAL in window.page.locator("#summary").inner_text()

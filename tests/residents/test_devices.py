"""The device behind a session, in words."""

from __future__ import annotations

import pytest

from xinglin.residents import devices

WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/156.0.0.0 Safari/537.36"
EDGE = f"{WINDOWS} Edg/156.0.0.0"
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 26_1 like Mac OS X) AppleWebKit/605.1.15 Version/26.1 Safari/604.1"
)
WECHAT = (
    "Mozilla/5.0 (Linux; Android 16; V2509A) AppleWebKit/537.36 Chrome/130.0 Mobile Safari/537.36"
    " MicroMessenger/8.0.60"
)


@pytest.mark.parametrize(
    ("agent", "language", "said"),
    [
        (WINDOWS, "zh", "Windows 电脑上的Chrome"),
        (WINDOWS, "en", "Chrome on a computer with Windows"),
        (EDGE, "zh", "Windows 电脑上的Edge"),
        (IPHONE, "zh", "苹果手机上的Safari"),
        (WECHAT, "zh", "安卓手机上的微信"),
        ("curl/8.9", "zh", "未知设备"),
        ("", "en", "an unknown device"),
    ],
)
def test_a_browser_is_named_as_people_call_it(agent, language, said):
    assert devices.named(agent, language) == said


def test_every_word_is_in_both_languages():
    for kind in ("system", "browser"):
        assert all(one["holds"] and one["zh"] and one["en"] for one in devices.table()[kind])

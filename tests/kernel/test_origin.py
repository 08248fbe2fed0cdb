"""From where somebody asks."""

from __future__ import annotations

import pytest

from xinglin.kernel import origin
from xinglin.kernel.origin import Origin


@pytest.mark.parametrize(
    ("proxies", "told", "address"),
    [
        (0, None, "10.0.0.1"),
        (0, "198.51.100.1", "10.0.0.1"),  # nobody's proxy: what it tells is not believed
        (1, "198.51.100.1", "198.51.100.1"),
        (1, "203.0.113.9, 198.51.100.1", "198.51.100.1"),  # the first may be made up by the client
        (2, "203.0.113.9, 198.51.100.1, 10.0.0.2", "198.51.100.1"),
        (2, "198.51.100.1", "10.0.0.1"),  # passed by one of the two alone
        (1, "rubbish", "10.0.0.1"),
        (1, None, "10.0.0.1"),
    ],
)
def test_a_forwarded_address_is_believed_as_far_as_our_proxies_reach(
    proxies: int, told: str | None, address: str
) -> None:
    environ = {"REMOTE_ADDR": "10.0.0.1"} | ({"HTTP_X_FORWARDED_FOR": told} if told else {})

    assert origin.of_request(environ, proxies) == Origin(address, None)


@pytest.mark.parametrize(
    ("agent", "device"),
    [
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/131.0 Safari/537.36", "Chrome / Windows"),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/131.0 Safari/537.36 Edg/131.0", "Edge / Windows"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_1) AppleWebKit/605 MicroMessenger/8.0", "WeChat / iOS"),
        ("python-requests/2.32.3", "python-requests"),
        ("", ""),
        ("()", "unknown"),
    ],
)  # fmt: skip
def test_a_device_is_named_without_its_version(agent: str, device: str) -> None:
    assert origin.device(agent) == device


def test_an_origin_lasts_as_long_as_its_request() -> None:
    with origin.coming_from(Origin("192.0.2.7", "curl")):
        within = origin.current()

    assert within == Origin("192.0.2.7", "curl")
    assert origin.current() == origin.NOWHERE

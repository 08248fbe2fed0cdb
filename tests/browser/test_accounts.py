"""One's own account in a browser: what it looks like, and a security key from registering to signing in."""

from __future__ import annotations

import pyotp
import pytest

pytestmark = pytest.mark.browser


@pytest.mark.parametrize(("width", "theme"), [(1440, "light"), (1440, "dark"), (390, "light")])
def test_own_account_fits_the_window(open_window, width, theme):
    window = open_window(width=width, theme=theme)
    window.sign_in()
    for path, name in (("/account/", "account"), ("/account/app/", "account-app")):
        window.go(path)
        window.picture(f"{name}-{width}-{theme}")

        assert window.overflow() <= 0


@pytest.mark.parametrize(("width", "theme"), [(1440, "light"), (390, "dark")])
def test_administrator_sets_up_an_app_and_manages_accounts(open_window, width, theme):
    window = open_window(width=width, theme=theme)
    window.sign_in("administrator")
    window.go("/account/")
    window.picture(f"account-must-{width}")
    window.go("/account/app/")
    secret = window.page.inner_text("code").replace(" ", "")
    window.page.fill("#id_code", pyotp.TOTP(secret).now())
    window.page.click("main .btn-primary")
    window.page.wait_for_selector(".xl-accounts-codes")

    for path, name in (
        ("/accounts/", "accounts"),
        ("/accounts/new/", "new"),
        ("/accounts/events/", "events"),
    ):
        window.go(path)
        window.picture(f"accounts-{name}-{width}-{theme}")
        assert window.overflow() <= 0
    window.go("/accounts/")
    window.page.click("text=doctor")
    window.settle()
    window.picture(f"accounts-one-{width}-{theme}")

    assert window.overflow() <= 0


def test_security_key_is_registered_and_signs_in(open_window):
    window = open_window()
    window.address = window.address.replace("127.0.0.1", "localhost")
    window.sign_in()
    devices = window.page.context.new_cdp_session(window.page)
    devices.send("WebAuthn.enable")
    options = {"protocol": "ctap2", "transport": "usb", "hasResidentKey": False, "hasUserVerification": False}
    devices.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    window.go("/account/")
    window.page.fill("#key-label", "蓝色钥匙")
    window.page.fill("#key-current", "xinglin-demo")
    with window.page.expect_navigation():
        window.page.click("xl-passkey button")
    window.settle()
    codes = window.page.locator(".xl-accounts-codes li").count()
    window.picture("account-codes")
    window.page.click("button[aria-label='退出登录']")
    window.settle()

    window.page.fill("#id_username", "doctor")
    window.page.fill("#id_password", "xinglin-demo")
    window.page.click("main .btn-primary")
    window.page.wait_for_url("**/sign-in/second/")
    window.picture("account-second")
    window.page.click("xl-passkey button")
    window.page.wait_for_url(window.address + "/")

    assert codes == 10

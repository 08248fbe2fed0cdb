"""The second factor: codes of an authenticator app (RFC 6238), recovery codes, security keys (WebAuthn)."""

from __future__ import annotations

import hmac
import json
import secrets
from typing import TYPE_CHECKING, Any

import pyotp
import webauthn
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from xinglin.accounts import events, keys, policy, rules
from xinglin.accounts.models import Account, Passkey, RecoveryCode
from xinglin.crypto.sealing import open_sealed, seal

if TYPE_CHECKING:
    from datetime import datetime

    from xinglin.accounts.events import Origin

_STEP = 30
_ISSUER = "Xinglin"
_CODE_LETTERS = "abcdefghijkmnpqrstuvwxyz23456789"  # 32: five bits each


def has(account: Account) -> bool:
    """Whether the account has a second factor."""
    return bool(account.totp) or account.passkeys.exists()


def new_secret() -> str:
    """A secret for an authenticator app: 160 bits in base 32."""
    return pyotp.random_base32()


def address_of(secret: str, account: Account) -> str:
    """What the QR code says: ``otpauth://totp/…``."""
    return pyotp.TOTP(secret).provisioning_uri(name=account.username, issuer_name=_ISSUER)


def step_of(secret: str, code: str, *, now: datetime, after: int = 0) -> int | None:
    """The time step whose code this is, later than ``after``; None when it is none of those that count."""
    current = int(now.timestamp()) // _STEP
    spread = policy.second_factor().steps
    made = pyotp.TOTP(secret)
    for step in range(current - spread, current + spread + 1):
        if step > after and hmac.compare_digest(made.at(step * _STEP), code):
            return step
    return None


def set_up(*, account: Account, secret: str, code: str, origin: Origin, now: datetime) -> bool:
    """Take ``secret`` as the account's if ``code`` shows that an app has it."""
    step = step_of(secret, code, now=now)
    if step is None:
        return False
    account.totp = seal(keys.ring(), secret, about=_about(account))
    account.totp_step = step
    account.save(update_fields=["totp", "totp_step"])
    events.note("totp", account=account.pk, actor=f"account/{account.pk}", now=now, origin=origin)
    return True


def remove_app(*, account: Account, origin: Origin, now: datetime) -> None:
    account.totp = ""
    account.save(update_fields=["totp"])
    events.note("totp-removed", account=account.pk, actor=f"account/{account.pk}", now=now, origin=origin)


def check(*, account: Account, text: str, origin: Origin, now: datetime) -> bool:
    """Whether ``text`` is the code of the moment, or a recovery code; either works once."""
    code = "".join(text.split()).replace("-", "").casefold()
    if account.totp and code.isdecimal() and len(code) == 6:
        locked = Account.objects.select_for_update().get(pk=account.pk)
        step = step_of(
            open_sealed(keys.ring(), locked.totp, about=_about(account)),
            code,
            now=now,
            after=locked.totp_step,
        )
        if step is None:
            return False
        Account.objects.filter(pk=account.pk).update(totp_step=step)
        return True
    spent = RecoveryCode.objects.filter(account=account, digest=rules.digest(code), used=None).update(
        used=now
    )
    if spent:
        events.note("code-used", account=account.pk, actor=f"account/{account.pk}", now=now, origin=origin)
    return bool(spent)


def new_codes(*, account: Account, origin: Origin, now: datetime) -> list[str]:
    """New recovery codes; the old ones stop working. The answer is the only time they can be seen."""
    codes = [
        "".join(secrets.choice(_CODE_LETTERS) for _ in range(16)) for _ in range(policy.second_factor().codes)
    ]
    account.recovery_codes.all().delete()
    RecoveryCode.objects.bulk_create(
        RecoveryCode(account=account, digest=rules.digest(code)) for code in codes
    )
    events.note("codes", account=account.pk, actor=f"account/{account.pk}", now=now, origin=origin)
    return ["-".join(code[i : i + 4] for i in range(0, 16, 4)) for code in codes]


def forget(*, account: Account, actor: str, origin: Origin, now: datetime) -> None:
    """Take every second factor from an account whose owner has lost it."""
    account.totp = ""
    account.save(update_fields=["totp"])
    account.passkeys.all().delete()
    account.recovery_codes.all().delete()
    events.note("factor-reset", account=account.pk, actor=actor, now=now, origin=origin)


def _about(account: Account) -> str:
    return f"accounts_account/{account.pk}/totp"


def registration(account: Account, *, site: str) -> tuple[str, str]:
    """What the browser is asked in order to register a key: options as JSON, and the challenge to remember."""
    options = webauthn.generate_registration_options(
        rp_id=site,
        rp_name=_ISSUER,
        user_id=f"account/{account.pk}".encode(),
        user_name=account.username,
        user_display_name=account.display_name,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.DISCOURAGED,
            user_verification=UserVerificationRequirement.PREFERRED,
        ),
        exclude_credentials=_known(account),
    )
    return webauthn.options_to_json(options), bytes_to_base64url(options.challenge)


def register(  # noqa: PLR0913 -- what a ceremony consists of
    *, account: Account, answer: str, challenge: str, site: tuple[str, str], label: str, origin: Origin,
    now: datetime,
) -> Passkey | None:  # fmt: skip
    """Keep the key that answered; ``site`` is its id and its origin. None when the answer is not right."""
    try:
        proved = webauthn.verify_registration_response(
            credential=answer, expected_challenge=base64url_to_bytes(challenge), expected_rp_id=site[0],
            expected_origin=site[1],
        )  # fmt: skip
    except (WebAuthnException, ValueError):
        return None
    if Passkey.objects.filter(credential=proved.credential_id).exists():
        return None
    made = Passkey.objects.create(
        account=account, credential=proved.credential_id, public_key=proved.credential_public_key,
        counter=proved.sign_count, label=label or "WebAuthn", created=now,
    )  # fmt: skip
    events.note(
        "passkey",
        account=account.pk,
        actor=f"account/{account.pk}",
        now=now,
        origin=origin,
        detail=made.label,
    )
    return made


def remove_key(*, account: Account, number: int, origin: Origin, now: datetime) -> bool:
    one = account.passkeys.filter(pk=number).first()
    if one is None:
        return False
    one.delete()
    events.note(
        "passkey-removed",
        account=account.pk,
        actor=f"account/{account.pk}",
        now=now,
        origin=origin,
        detail=one.label,
    )
    return True


def question(account: Account, *, site: str) -> tuple[str, str]:
    """What the browser is asked in order to show a key: options as JSON, and the challenge to remember."""
    options = webauthn.generate_authentication_options(
        rp_id=site, allow_credentials=_known(account), user_verification=UserVerificationRequirement.PREFERRED
    )
    return webauthn.options_to_json(options), bytes_to_base64url(options.challenge)


def answers(*, account: Account, answer: str, challenge: str, site: tuple[str, str], now: datetime) -> bool:
    """Whether one of the account's keys has signed the challenge; a counter that went back is refused."""
    try:
        said: dict[str, Any] = json.loads(answer)
        number = base64url_to_bytes(str(said["rawId"]))
    except (ValueError, KeyError, TypeError):
        return False
    kept = account.passkeys.select_for_update().filter(credential=number).first()
    if kept is None:
        return False
    try:
        proved = webauthn.verify_authentication_response(
            credential=said, expected_challenge=base64url_to_bytes(challenge), expected_rp_id=site[0],
            expected_origin=site[1], credential_public_key=bytes(kept.public_key),
            credential_current_sign_count=kept.counter,
        )  # fmt: skip
    except (WebAuthnException, ValueError):
        return False
    kept.counter, kept.used = proved.new_sign_count, now
    kept.save(update_fields=["counter", "used"])
    return True


def _known(account: Account) -> list[PublicKeyCredentialDescriptor]:
    return [
        PublicKeyCredentialDescriptor(id=bytes(one))
        for one in account.passkeys.values_list("credential", flat=True)
    ]

"""Passwords: what is wrong with a new one, and the ways it comes to an account."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import TYPE_CHECKING

from django.contrib.auth.hashers import check_password
from django.contrib.auth.password_validation import CommonPasswordValidator
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from xinglin.accounts import events, policy, queries, sessions
from xinglin.accounts.models import FormerPassword

if TYPE_CHECKING:
    from datetime import datetime

    from xinglin.accounts.events import Origin
    from xinglin.accounts.models import Account

_LETTERS = "abcdefghjkmnpqrstuvwxyz"  # those that are not mistaken for others
_SIGNS = "-+=?"


def problems(text: str, account: Account) -> list[str]:
    """What is wrong with ``text`` as a new password, each with what would be right."""
    rule = policy.password()
    found = []
    if not rule.least <= len(text) <= rule.most:
        found.append(
            _("The password has %(n)s characters; %(least)s to %(most)s are asked for.")
            % {"n": len(text), "least": rule.least, "most": rule.most}
        )
    if policy.classes_of(text) < rule.classes:
        found.append(
            _("Use at least %(n)s of these: small letters, capitals, digits, other signs.")
            % {"n": rule.classes}
        )
    if policy.is_common(text) or _is_widely_known(text):
        found.append(_("This password is among those that are tried first. Choose one that nobody else has."))
    names = [account.username.casefold(), account.display_name.casefold()]
    if any(len(name) > 1 and name in text.casefold() for name in names):
        found.append(_("The password must not contain your name or that of the account."))
    if not found and account.pk and _was_used(text, account, rule.history):
        found.append(
            _("You had this password before. The last %(n)s may not come back.") % {"n": rule.history}
        )
    return found


def _is_widely_known(text: str) -> bool:
    try:
        CommonPasswordValidator().validate(text)
    except ValidationError:
        return True
    return False


def _was_used(text: str, account: Account, most: int) -> bool:
    former = account.former_passwords.order_by("-until", "-pk").values_list("password", flat=True)[:most]
    return any(check_password(text, one) for one in (account.password, *former))


def is_aged(account: Account, *, now: datetime) -> bool:
    """Whether its owner must choose a new one."""
    since = account.password_since
    return since is not None and now - since > timedelta(days=policy.password().days)


def change(
    *, account: Account, password: str, session_key: str | None, origin: Origin, now: datetime
) -> None:
    """Give an account the password its owner chose; every session but that of ``session_key`` ends."""
    _set(account, password, must_change=False, now=now)
    actor = f"account/{account.pk}"
    sessions.end_all(account=account, actor=actor, now=now, but=session_key, why="password")
    events.note("password", account=account.pk, actor=actor, now=now, origin=origin)


def temporary() -> str:
    """A password for once: sixteen characters that can be read out."""
    groups = ["".join(secrets.choice(_LETTERS) for _ in range(4)) for _ in range(3)]
    digits = "".join(secrets.choice("23456789") for _ in range(3))
    return f"{groups[0].capitalize()}-{groups[1]}-{groups[2]}{secrets.choice(_SIGNS)}{digits}"


def reset(*, account: Account, actor: str, origin: Origin, now: datetime) -> str:
    """Give an account a temporary password, which is the answer; all its sessions end."""
    password = temporary()
    _set(account, password, must_change=True, now=now)
    sessions.end_all(account=account, actor=actor, now=now, why="password")
    events.note("password-reset", account=account.pk, actor=actor, now=now, origin=origin)
    return password


def _set(account: Account, password: str, *, must_change: bool, now: datetime) -> None:
    if account.has_usable_password():
        FormerPassword.objects.create(account=account, password=account.password, until=now)
    account.set_password(password)
    account.must_change = must_change
    account.password_since = now
    account.save(update_fields=["password", "must_change", "password_since"])
    kept = account.former_passwords.order_by("-until", "-pk").values_list("pk", flat=True)
    account.former_passwords.exclude(pk__in=list(kept[: policy.password().history])).delete()
    queries.forget_authorizations()

"""What can be done with accounts."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.contrib.auth.hashers import check_password
from django.contrib.sessions.models import Session

from xinglin.accounts import guarding, queries, rules
from xinglin.accounts.models import Account, Role, SignInEvent, SignInSession, Token
from xinglin.accounts.reference import sign_in_rules
from xinglin.kernel import origin

if TYPE_CHECKING:
    from datetime import datetime

DEMO_PASSWORD = "xinglin-demo"  # noqa: S105 -- known to everybody: the demo region holds nobody's data
DEMO_TOKEN = "xinglin-demo-token"  # noqa: S105 -- as above


@dataclass(frozen=True, slots=True)
class DemoAccount:
    """One of the accounts that a demonstration starts with."""

    username: str
    display_name: str
    title: str
    role: Role

    @property
    def local(self) -> bool:
        """Whether they work at an institution and not for the region."""
        return self.role in (Role.DOCTOR, Role.NURSE)


DEMO_ACCOUNTS = (
    DemoAccount("doctor", "黄志远", "主治医师", Role.DOCTOR),
    DemoAccount("nurse", "覃美玲", "护士", Role.NURSE),
    DemoAccount("steward", "陆文清", "数据管理员", Role.STEWARD),
    DemoAccount("administrator", "韦建平", "平台管理员", Role.ADMINISTRATOR),
    DemoAccount("client", "演示接口", "", Role.CLIENT),
)


def create_demo_accounts(*, institution_id: str = "", institution_name: str = "") -> tuple[DemoAccount, ...]:
    """Create the accounts of the demonstration that do not exist yet, and the machine client's token.

    The institution is that of doctor and nurse; the others work for the region.
    For a platform without real data alone: the password and the token are printed in the documentation.
    """
    for demo in DEMO_ACCOUNTS:
        if Account.objects.filter(username=demo.username).exists():
            continue
        Account.objects.create_user(
            demo.username,
            DEMO_PASSWORD,
            display_name=demo.display_name,
            title=demo.title,
            institution_id=institution_id if demo.local else "",
            institution_name=institution_name if demo.local else "",
            roles=[demo.role.value],
        )
    client = Account.objects.get(username="client")
    Token.objects.get_or_create(
        digest=rules.digest(DEMO_TOKEN), defaults={"account": client, "label": "Demonstration client"}
    )
    return DEMO_ACCOUNTS


def people_of_the_demo() -> tuple[DemoAccount, ...]:
    """Those of the demonstration's accounts that somebody can sign in with."""
    return tuple(demo for demo in DEMO_ACCOUNTS if demo.role is not Role.CLIENT)


def issue_token(*, account: Account, label: str) -> str:
    """Make a new token for ``account``. The answer is the only time that it can be seen."""
    token = secrets.token_urlsafe(32)
    Token.objects.create(account=account, digest=rules.digest(token), label=label)
    return token


def revoke_token(*, token: Token, now: datetime) -> None:
    """Make a token useless: here at once, in other processes within ``queries.REMEMBERED_SECONDS``."""
    token.revoked = now
    token.save(update_fields=["revoked"])
    queries.forget_authorizations()


def weaknesses_of(account: Account, password: str) -> list[str]:
    """What a new password lacks: see ``rules.weaknesses``; ``former`` if the account had it lately."""
    rule = sign_in_rules()
    found = rules.weaknesses(password, account.username, length=rule.length, kinds=rule.kinds)
    former = [account.password, *account.former_passwords][: rule.history]
    if any(check_password(password, one) for one in former):
        found.append("former")
    return found


def change_password(*, account: Account, password: str, now: datetime, by: str = "") -> None:
    """Give an account another password. Its sessions end; the caller keeps its own alive."""
    rule = sign_in_rules()
    if account.has_usable_password():
        account.former_passwords = [account.password, *account.former_passwords][: rule.history]
    account.set_password(password)
    account.save(update_fields=["password", "former_passwords"])
    queries.forget_authorizations()
    end_sessions(account=account)
    guarding.note(SignInEvent.Kind.PASSWORD, account.username, now=now, by=by)


def begin_session(*, account: Account, key: str, now: datetime) -> None:
    """Remember a session that has begun, and from where."""
    here = origin.current()
    SignInSession.objects.create(
        account=account, key=key, address=here.address or "", device=(here.device or "")[:100], begun=now, seen=now
    )  # fmt: skip
    guarding.note(SignInEvent.Kind.SIGNED_IN, account.username, now=now)


def end_sessions(*, account: Account, key: str | None = None, but: str | None = None) -> int:
    """End an account's sessions: one by its key, or all but one; tell how many."""
    ended = SignInSession.objects.filter(account=account)
    if key is not None:
        ended = ended.filter(key=key)
    if but is not None:
        ended = ended.exclude(key=but)
    keys = list(ended.values_list("key", flat=True))
    Session.objects.filter(session_key__in=keys).delete()
    ended.delete()
    return len(keys)


def unlock(*, username: str, now: datetime, by: str) -> None:
    """Open an account that failures have closed."""
    guarding.note(SignInEvent.Kind.UNLOCKED, username, now=now, by=by)

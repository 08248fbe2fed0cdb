"""What can be done with accounts."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from xinglin.accounts import queries, rules
from xinglin.accounts.models import Account, Role, Token

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
        return self.role in (Role.DOCTOR, Role.NURSE, Role.CLIENT)


DEMO_ACCOUNTS = (
    DemoAccount("doctor", "黄志远", "主治医师", Role.DOCTOR),
    DemoAccount("nurse", "覃美玲", "护士", Role.NURSE),
    DemoAccount("steward", "陆文清", "数据管理员", Role.STEWARD),
    DemoAccount("administrator", "韦建平", "平台管理员", Role.ADMINISTRATOR),
    DemoAccount("client", "演示接口", "", Role.CLIENT),
)


def create_demo_accounts(*, institution_id: str = "", institution_name: str = "") -> tuple[DemoAccount, ...]:
    """Create the accounts of the demonstration that do not exist yet, and the machine client's token.

    The institution is that of doctor, nurse and machine client; the others work for the region.
    For a platform without real data alone: the password and the token are printed in the documentation.
    """
    for demo in DEMO_ACCOUNTS:
        known = Account.objects.filter(username=demo.username)
        if known.exists():
            if demo.local:  # of an earlier demonstration, where the client worked for the region
                known.filter(institution_id="").update(
                    institution_id=institution_id, institution_name=institution_name
                )
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

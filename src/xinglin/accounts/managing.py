"""The administration of accounts: who may do what to whom, and doing it.

The region's administrators give an institution its administrators; these manage its accounts alone. The three powers
of level-3 protection are roles of their own: the system administrator makes accounts, the security administrator
gives roles, the audit administrator reads what both did. ``data/roles-1.toml`` says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils.translation import gettext_noop

from xinglin.accounts import events, factors, hindrances, passwords, policy, queries, sessions
from xinglin.accounts.models import Account, Role
from xinglin.kernel.errors import conflict, forbidden, invalid, not_found

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from django.db.models import QuerySet

    from xinglin.accounts.events import Origin


@dataclass(frozen=True, slots=True)
class Hand:
    """Who manages, from where, and when."""

    account: Account
    origin: Origin
    now: datetime

    @property
    def actor(self) -> str:
        return f"account/{self.account.pk}"

    @property
    def powers(self) -> frozenset[str]:
        return policy.powers(self.account.roles)


@dataclass(frozen=True, slots=True)
class Draft:
    """An account that is to be made."""

    username: str
    display_name: str
    title: str = ""
    institution_id: str = ""
    institution_name: str = ""
    roles: tuple[str, ...] = ()


def reach(manager: Account) -> QuerySet[Account]:
    """The accounts that ``manager`` may see: those of the institution, or of the region; never residents'."""
    if "see" not in policy.powers(manager.roles):
        return Account.objects.none()
    staff = Account.objects.exclude(roles__contains=[Role.RESIDENT.value])
    everyone = staff.order_by("institution_name", "username")
    return everyone.filter(institution_id=manager.institution_id) if manager.institution_id else everyone


def seen(hand: Hand, number: int) -> Account:
    """The account with this number, if it is within reach."""
    _require(hand, "see")
    found = reach(hand.account).filter(pk=number).first()
    if found is None:
        raise not_found(gettext_noop("There is no account %(number)s that you may manage."), number=number)
    return found


def may(hand: Hand, power: str, account: Account) -> bool:
    """Whether the hand's power reaches the account. Nobody manages themselves."""
    return (
        power in hand.powers
        and account.pk != hand.account.pk
        and set(account.roles) <= policy.over(hand.account.roles)
        and hand.account.institution_id in ("", account.institution_id)
    )


def grantable(hand: Hand) -> list[str]:
    """The roles that the hand may give, in the order of the data."""
    given = policy.grants(hand.account.roles)
    local = bool(hand.account.institution_id)
    return [code for code, rule in policy.roles().items() if code in given and not (local and rule.regional)]


def create(*, hand: Hand, draft: Draft) -> tuple[Account, str]:
    """Make an account; the answer's second half is its temporary password, seen only now."""
    _require(hand, "create")
    if hand.account.institution_id and draft.institution_id != hand.account.institution_id:
        raise forbidden(gettext_noop("You may make accounts for your own institution alone."))
    _require_roles(hand, before=(), after=draft.roles, institution=draft.institution_id)
    return make(draft=draft, actor=hand.actor, origin=hand.origin, now=hand.now)


def make(*, draft: Draft, actor: str, origin: Origin, now: datetime) -> tuple[Account, str]:
    """As ``create``, for the command line, which asks nobody."""
    if Account.objects.filter(username__iexact=draft.username).exists():
        raise conflict(gettext_noop("There is an account %(name)s already."), name=draft.username)
    password = passwords.temporary()
    with transaction.atomic():
        made = Account.objects.create_user(
            draft.username, password, display_name=draft.display_name, title=draft.title,
            institution_id=draft.institution_id, institution_name=draft.institution_name,
            roles=list(draft.roles), must_change=True, password_since=now,
        )  # fmt: skip
        events.note(
            "created", account=made.pk, actor=actor, now=now, origin=origin, detail=" ".join(draft.roles)
        )
    return made, password


def set_active(*, hand: Hand, account: Account, active: bool) -> None:
    """Let an account in again, or keep it out at once."""
    require_over(hand, "disable", account)
    with transaction.atomic():
        account.is_active = active
        account.save(update_fields=["is_active"])
        if not active:
            sessions.end_all(account=account, actor=hand.actor, now=hand.now, why="disabled")
        kind = "enabled" if active else "disabled"
        events.note(kind, account=account.pk, actor=hand.actor, now=hand.now, origin=hand.origin)
    queries.forget_authorizations()


def set_roles(*, hand: Hand, account: Account, roles: Collection[str]) -> None:
    """Give the account these roles. Those that the hand may not give stay as they are."""
    require_over(hand, "roles", account)
    before = account.roles
    after = [code for code in policy.roles() if code in roles]
    if unknown := sorted(set(roles) - set(policy.roles())):
        raise invalid(gettext_noop("There is no role %(role)s."), role=unknown[0])
    _require_roles(hand, before=before, after=after, institution=account.institution_id)
    if set(before) == set(after):
        return
    with transaction.atomic():
        account.roles = after
        account.save(update_fields=["roles"])
        sessions.end_all(account=account, actor=hand.actor, now=hand.now, why="roles")
        said = f"{' '.join(sorted(before))} -> {' '.join(sorted(after))}"
        events.note(
            "roles", account=account.pk, actor=hand.actor, now=hand.now, origin=hand.origin, detail=said
        )
    queries.forget_authorizations()


def set_place(*, hand: Hand, account: Account, department: str, practitioner: str) -> None:
    """Say in which department the account works, and which Practitioner of the directory it is."""
    require_over(hand, "roles", account)
    place(account=account, department=department, practitioner=practitioner, actor=hand.actor, origin=hand.origin,
          now=hand.now)  # fmt: skip


def place(
    *, account: Account, department: str, practitioner: str, actor: str, origin: Origin, now: datetime
) -> None:
    """As ``set_place``, for the command line, which asks nobody."""
    before = (account.department_id, account.practitioner_id)
    if before == (department, practitioner):
        return
    with transaction.atomic():
        account.department_id, account.practitioner_id = department, practitioner
        account.save(update_fields=["department_id", "practitioner_id"])
        said = f"{' '.join(before).strip() or '-'} -> {f'{department} {practitioner}'.strip() or '-'}"
        events.note("place", account=account.pk, actor=actor, now=now, origin=origin, detail=said)
    queries.forget_authorizations()


def reset_password(*, hand: Hand, account: Account) -> str:
    """A temporary password for the account: the answer, seen only now."""
    require_over(hand, "reset", account)
    with transaction.atomic():
        return passwords.reset(account=account, actor=hand.actor, origin=hand.origin, now=hand.now)


def reset_factor(*, hand: Hand, account: Account) -> None:
    """Take the second factor from an account whose owner has lost it; it must be set up anew."""
    require_over(hand, "factor", account)
    with transaction.atomic():
        factors.forget(account=account, actor=hand.actor, origin=hand.origin, now=hand.now)
        sessions.end_all(account=account, actor=hand.actor, now=hand.now, why="factor")


def unlock(*, hand: Hand, account: Account) -> None:
    """End the lock of an account before its time."""
    require_over(hand, "unlock", account)
    with transaction.atomic():
        hindrances.clear(account.username)
        events.note("unlocked", account=account.pk, actor=hand.actor, now=hand.now, origin=hand.origin)


def _require(hand: Hand, power: str) -> None:
    if power not in hand.powers:
        raise forbidden(gettext_noop("Your roles do not give you this power over accounts."))


def require_over(hand: Hand, power: str, account: Account) -> None:
    """Refuse a power that the hand does not have over the account."""
    _require(hand, power)
    if not may(hand, power, account):
        raise forbidden(gettext_noop("You may not do this to the account %(name)s."), name=account.username)


def _require_roles(hand: Hand, *, before: Collection[str], after: Collection[str], institution: str) -> None:
    """Refuse roles that the hand may not give or take, that do not go together, or that are not for one institution."""
    changed = set(before) ^ set(after)
    if wrong := sorted(changed - set(grantable(hand))):
        raise forbidden(gettext_noop("You may not give or take the role %(role)s."), role=wrong[0])
    if pair := policy.excluded(after):
        raise invalid(
            gettext_noop("The roles %(one)s and %(other)s exclude each other."), one=pair[0], other=pair[1]
        )
    regional = sorted(code for code in after if institution and policy.roles()[code].regional)
    if regional:
        raise invalid(gettext_noop("The role %(role)s is not for one institution."), role=regional[0])

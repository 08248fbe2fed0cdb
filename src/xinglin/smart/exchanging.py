"""The token endpoint: a code, a refresh token or an assertion becomes tokens; and their end.

https://www.rfc-editor.org/rfc/rfc6749#section-5. Whatever is used a second time ends the whole grant.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import transaction

from xinglin.accounts import events
from xinglin.accounts.models import Account
from xinglin.smart import allowing, identities, queries, rules
from xinglin.smart.models import Code, Grant, Token
from xinglin.smart.queries import ACCESS, REFRESH
from xinglin.smart.rules import OFFLINE, ONLINE, Kind, Refused
from xinglin.smart.terms import terms

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from xinglin.accounts.events import Origin
    from xinglin.smart.models import App

_SYSTEM = "system/"


@dataclass(frozen=True, slots=True)
class Asked:
    """A request for tokens by an app that has shown who it is."""

    app: App
    form: Mapping[str, str]
    base: str
    origin: Origin
    now: datetime

    def need(self, name: str) -> str:
        found = self.form.get(name, "")
        if not found:
            raise Refused("invalid_request", f"The parameter {name} is missing.")
        return found


def tokens(asked: Asked) -> dict[str, Any]:
    """The answer to a request; raises ``Refused``."""
    match asked.need("grant_type"):
        case "authorization_code":
            return _by_code(asked)
        case "refresh_token":
            return _by_refresh(asked)
        case "client_credentials":
            return _by_assertion(asked)
    raise Refused(
        "unsupported_grant_type",
        "grant_type should be authorization_code, refresh_token or client_credentials.",
    )


def _by_code(asked: Asked) -> dict[str, Any]:
    text, redirect, verifier = asked.need("code"), asked.need("redirect_uri"), asked.need("code_verifier")
    with transaction.atomic():
        code = (
            Code.objects.select_for_update(of=("self",))
            .select_related("grant__app")
            .filter(digest=rules.digest(text), grant__app=asked.app)
            .first()
        )
        twice = code is not None and code.used is not None
        if code is not None and not twice:
            account = _redeemed(code, asked, redirect, verifier)
            answer = _answer(code.grant, asked, code.grant.scope.split())
            token = identities.identity_token(
                grant=code.grant, code=code, account=account, base=asked.base, now=asked.now
            )
            if token is not None:
                answer["id_token"] = token
            events.note(
                "app-allowed", account=account.pk, actor=f"account/{account.pk}", now=asked.now, origin=asked.origin,
                detail=f"{asked.app.client_id} {code.grant.scope}",
            )  # fmt: skip
            return answer
    if code is not None:
        _used_twice(code.grant, asked)
    raise Refused("invalid_grant", "The code is not known, has expired, or was used before.")


def _redeemed(code: Code, asked: Asked, redirect: str, verifier: str) -> Account:
    """Use the code; raises ``Refused`` where it is not this request's."""
    account = queries.holder(code.grant)
    if code.expires <= asked.now or code.grant.ended is not None or account is None:
        raise Refused("invalid_grant", "The code is not known, has expired, or was used before.")
    if redirect != code.redirect:
        raise Refused("invalid_grant", "redirect_uri is not the one that the code was sent to.")
    if not rules.proves(verifier, code.challenge):
        raise Refused("invalid_grant", "code_verifier does not fit the code_challenge.")
    code.used = asked.now
    code.save(update_fields=["used"])
    code.grant.begun = asked.now
    code.grant.save(update_fields=["begun"])
    return account


def _by_refresh(asked: Asked) -> dict[str, Any]:
    text = asked.need("refresh_token")
    with transaction.atomic():
        token = (
            Token.objects.select_for_update(of=("self",))
            .select_related("grant__app")
            .filter(digest=rules.digest(text), kind=REFRESH, grant__app=asked.app)
            .first()
        )
        twice = token is not None and token.used is not None
        if token is not None and not twice and _holds(token, asked):
            granted = token.grant.scope.split()
            wanted = asked.form.get("scope", "").split() or granted
            if not rules.narrower(wanted, granted):
                raise Refused("invalid_scope", "More is asked for than was granted.")
            token.used = asked.now
            token.save(update_fields=["used"])
            return _answer(token.grant, asked, wanted)
    if token is not None and twice:
        _used_twice(token.grant, asked)
    raise Refused(
        "invalid_grant", "The refresh token is not known, has expired, was ended, or was used before."
    )


def _holds(token: Token, asked: Asked) -> bool:
    grant = token.grant
    if token.revoked or token.expires <= asked.now or grant.ended is not None:
        return False
    if queries.holder(grant) is None:
        return False
    return OFFLINE in grant.scope.split() or queries.session_holds(grant)


def _used_twice(grant: Grant, asked: Asked) -> None:
    """Somebody else has it too: nobody gets anything more (RFC 9700, section 4.14)."""
    allowing.end(grant=grant, why="reuse", actor="nobody", now=asked.now, origin=asked.origin)


def _by_assertion(asked: Asked) -> dict[str, Any]:
    """A backend service. https://hl7.org/fhir/smart-app-launch/STU2.2/backend-services.html"""
    app = asked.app
    if app.kind != Kind.ASYMMETRIC or app.account is None:
        raise Refused(
            "unauthorized_client", "Only an app that signs assertions and has system scopes may ask so."
        )
    wanted = asked.need("scope").split()
    granted = tuple(s for s in rules.offered(wanted, app.scopes) if s.startswith(_SYSTEM))
    if not granted:
        raise Refused(
            "invalid_scope", "None of these scopes was given to this app; it may ask for system/ scopes."
        )
    if not Account.objects.filter(pk=app.account, is_active=True).exists():
        raise Refused("unauthorized_client", "The account of this app is disabled.")
    with transaction.atomic():
        same = Grant.objects.filter(app=app, account=app.account, scope=" ".join(granted), ended=None)
        grant = same.order_by("pk").first() or Grant.objects.create(
            app=app, account=app.account, scope=" ".join(granted), made=asked.now, begun=asked.now
        )
        text = allowing.issue(grant=grant, kind=ACCESS, scopes=granted, now=asked.now, holds=terms().service)
    return {
        "access_token": text,
        "token_type": "bearer",
        "expires_in": int(terms().service.total_seconds()),
        "scope": " ".join(granted),
    }


def _answer(grant: Grant, asked: Asked, scopes: list[str]) -> dict[str, Any]:
    """https://hl7.org/fhir/smart-app-launch/STU2.2/app-launch.html#response-5"""
    access = allowing.issue(grant=grant, kind=ACCESS, scopes=scopes, now=asked.now, holds=terms().access)
    answer: dict[str, Any] = {
        "access_token": access,
        "token_type": "Bearer",
        "expires_in": int(terms().access.total_seconds()),
        "scope": " ".join(scopes),
    }
    if grant.patient:
        answer |= {"patient": grant.patient, "need_patient_banner": True}
    if {OFFLINE, ONLINE} & set(grant.scope.split()):
        answer["refresh_token"] = allowing.issue(
            grant=grant, kind=REFRESH, scopes=scopes, now=asked.now, holds=terms().refresh
        )
    return answer


def revoke(asked: Asked) -> None:
    """End a token of the app: a refresh token with all that came of it. https://www.rfc-editor.org/rfc/rfc7009"""
    found = Token.objects.select_related("grant__app").filter(
        digest=rules.digest(asked.need("token")), grant__app=asked.app
    ).first()  # fmt: skip
    if found is None:
        return
    if found.kind == REFRESH:
        allowing.end(
            grant=found.grant,
            why="app",
            actor=f"app/{asked.app.client_id}",
            now=asked.now,
            origin=asked.origin,
        )
    else:
        Token.objects.filter(pk=found.pk, revoked=None).update(revoked=asked.now)


def introspect(asked: Asked) -> dict[str, Any]:
    """What one of the app's own tokens is worth. https://www.rfc-editor.org/rfc/rfc7662"""
    if asked.app.kind == Kind.PUBLIC:
        raise Refused("invalid_client", "An app that keeps no secret may not ask this.", 401)
    digest = rules.digest(asked.need("token"))
    found = queries.living(digest, ACCESS, now=asked.now) or queries.living(digest, REFRESH, now=asked.now)
    if found is None or found[0].used is not None or found[0].grant.app_id != asked.app.pk:
        return {"active": False}
    token, account = found
    answer = {
        "active": True, "client_id": asked.app.client_id, "scope": token.scope, "username": account.username,
        "iss": asked.base, "iat": int(token.made.timestamp()), "exp": int(token.expires.timestamp()),
        **identities.claims(account, token.scope.split(), base=asked.base),
    }  # fmt: skip
    return answer | ({"patient": token.grant.patient} if token.grant.patient else {})

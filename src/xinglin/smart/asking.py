"""A request for authorization, read and checked. https://www.rfc-editor.org/rfc/rfc6749#section-4.1.1

Two kinds of error: where the app or its address is not right, a page says so and nobody is sent anywhere; any other
goes back to the app.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext_noop

from xinglin.kernel.errors import invalid
from xinglin.smart import queries, rules
from xinglin.smart.rules import LAUNCH, Refused

if TYPE_CHECKING:
    from django.http import QueryDict

    from xinglin.smart.models import App

_ONCE = (
    "response_type", "client_id", "redirect_uri", "scope", "state", "aud", "code_challenge", "code_challenge_method",
    "launch", "nonce", "prompt",
)  # fmt: skip
_LONGEST = 2000


@dataclass(frozen=True, slots=True)
class Asking:
    """An app that asks, and the registered address to which the answer goes."""

    app: App
    redirect: str
    given: dict[str, str]

    @property
    def state(self) -> str:
        return self.given.get("state", "")

    @property
    def challenge(self) -> str:
        return self.given.get("code_challenge", "")

    @property
    def scopes(self) -> tuple[str, ...]:
        """What of the asked scopes can be granted, in the order of asking."""
        asked = self.given.get("scope", "").split()
        return tuple(s for s in rules.offered(asked, self.app.scopes) if not s.startswith("system/"))


def read(query: QueryDict) -> Asking:
    """The app and its address; raises ``invalid`` where there is nobody to send an answer to."""
    client_id, redirect = query.getlist("client_id"), query.getlist("redirect_uri")
    app = queries.app(client_id[0]) if len(client_id) == 1 else None
    if app is None:
        raise invalid(gettext_noop("The app that has sent you here is not registered, or is disabled."))
    if len(redirect) != 1 or redirect[0] not in app.redirects:
        raise invalid(
            gettext_noop(
                "The app %(name)s asks to be sent back to an address that is not registered for it."
            ),
            name=app.name,
        )
    return Asking(app, redirect[0], {name: str(query[name]) for name in _ONCE if name in query})


def require(asking: Asking, query: QueryDict, *, base: str) -> None:
    """Raise ``Refused`` for what the app is to be told."""
    for name in _ONCE:
        if len(query.getlist(name)) > 1 or len(query.get(name, "")) > _LONGEST:
            raise Refused("invalid_request", f"The parameter {name} stands more than once, or is too long.")
    for wrong, error, description in _conditions(asking, query, base):
        if wrong:
            raise Refused(error, description)


def _conditions(asking: Asking, query: QueryDict, base: str) -> list[tuple[bool, str, str]]:
    """What would be wrong, in the order in which it is told."""
    given, wrong = asking.given, "invalid_request"
    pkce = given.get("code_challenge_method") == "S256" and rules.is_challenge(asking.challenge)
    return [
        ("request" in query, "request_not_supported", "Write the parameters into the address."),
        ("request_uri" in query, "request_uri_not_supported", "Write the parameters into the address."),
        (given.get("response_type") != "code", "unsupported_response_type", "response_type should be code."),
        (not asking.state, wrong, "The parameter state is missing."),
        (not pkce, wrong, "PKCE is needed: a code_challenge with the method S256."),
        (not _is_for_us(asking, base), wrong, f"aud should be {base}/fhir."),
        (not asking.scopes, "invalid_scope", "None of these scopes was given to this app."),
        (
            LAUNCH in asking.scopes and not given.get("launch"),
            wrong,
            "The scope launch needs the parameter launch; launch/patient does not.",
        ),
    ]


def _is_for_us(asking: Asking, base: str) -> bool:
    """Whether it is our interface that the app means. Who only signs somebody on means none and need not say."""
    meant = asking.given.get("aud", "").rstrip("/")
    signs_on = all(scope in rules.SIGN_ON for scope in asking.scopes)
    return meant == f"{base}/fhir" or (signs_on and not meant)

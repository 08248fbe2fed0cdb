"""What is allowed in OAuth's requests. Pure.

https://www.rfc-editor.org/rfc/rfc6749, https://www.rfc-editor.org/rfc/rfc7636, https://www.rfc-editor.org/rfc/rfc9700
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
from enum import StrEnum
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit

from xinglin.accounts.rules import OF_APPS
from xinglin.record.policy import scopes

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_CHALLENGE = re.compile(r"[A-Za-z0-9\-_]{43}")
_VERIFIER = re.compile(r"[A-Za-z0-9\-._~]{43,128}")
_OWN_SCHEME = re.compile(r"[a-z][a-z0-9+\-]*(?:\.[a-z0-9+\-]+)+")  # RFC 8252: a domain, turned round
_LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
_LONGEST = 2000

OPENID, FHIR_USER, PROFILE = "openid", "fhirUser", "profile"
OFFLINE, ONLINE = "offline_access", "online_access"
LAUNCH, LAUNCH_PATIENT = "launch", "launch/patient"
PLAIN = (OPENID, FHIR_USER, PROFILE, LAUNCH, LAUNCH_PATIENT, ONLINE, OFFLINE)
"""The scopes that are not for resources."""
RECORD_LINK = "record_link"
"""What an institution's own system needs to open a record's page by a signed link; it is never granted in OAuth."""
SIGN_ON = (OPENID, FHIR_USER, PROFILE, ONLINE, OFFLINE)
"""Those with which nothing of the record is asked."""


class Kind(StrEnum):
    """What an app can keep to itself."""

    PUBLIC = "public"  # nothing: it runs in a browser or on a phone
    CONFIDENTIAL = "confidential"  # a secret, of which we keep the digest
    ASYMMETRIC = "asymmetric"  # a private key, of which we know the public half


class Matching(StrEnum):
    """How the doctors of an institution's system are known here."""

    BOUND = "bound"  # each is linked: by an administrator, or by signing in once
    NAME = "name"  # as before, else by the name of the account, which that system tells


class Why(StrEnum):
    """Why a launch of the record browser leads to no record: the ``code`` of the fault."""

    UNKNOWN = "launch-unknown"
    NOT_READY = "launch-not-ready"
    UNREACHED = "launch-unreached"
    STATE = "launch-state"
    USED = "launch-used"
    MIXED = "launch-mixed"
    DENIED = "launch-denied"
    ANSWER = "launch-answer"
    CLIENT = "launch-client"
    TOKEN = "launch-token"  # noqa: S105 -- a reason
    CLOCK = "launch-clock"
    NO_PATIENT = "launch-no-patient"
    NO_NUMBER = "launch-no-number"
    NOBODY = "launch-nobody"
    SEVERAL = "launch-several"
    UNLINKED = "launch-unlinked"
    ROLE = "launch-role"


class Refused(Exception):  # noqa: N818 -- an answer of the protocol
    """An error of OAuth: its code, and English words for the developer."""

    def __init__(self, error: str, description: str, status: int = 400) -> None:
        super().__init__(description)
        self.error = error
        self.description = description
        self.status = status


def why_no_redirect(address: str) -> str | None:
    """Why an app may not be sent back to an address; None if it may."""
    try:
        parts = urlsplit(address)
        _ = parts.port
    except ValueError:
        return "form"
    if len(address) > _LONGEST or any(
        c.isspace() or c in '"<>\\^`{|}' or not c.isprintable() for c in address
    ):
        return "form"
    if parts.fragment or "#" in address:
        return "fragment"
    if parts.scheme == "https" and parts.hostname and not parts.username and "*" not in parts.netloc:
        return None
    if parts.scheme == "http":
        return (
            None
            if parts.netloc.rpartition("@")[2].rsplit(":", 1)[0] in _LOOPBACK and not parts.username
            else "http"
        )
    return None if _OWN_SCHEME.fullmatch(parts.scheme) else "form"


def origin_of(address: str) -> str | None:
    """The origin of a web address, as a browser writes it; None for an address of an installed app."""
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}".lower() if parts.scheme in ("http", "https") else None


def with_parameters(address: str, parameters: Mapping[str, str]) -> str:
    """An address with more parameters in its query."""
    return f"{address}{'&' if '?' in address else '?'}{urlencode(parameters)}"


def new_secret(beginning: str = "") -> str:
    """A value of 256 random bits."""
    return beginning + secrets.token_urlsafe(32)


def new_token() -> str:
    """An access token: it begins in a way that other bearer tokens do not."""
    return new_secret(OF_APPS)


def digest(secret: str) -> str:
    """How codes, tokens and secrets are kept: all have 256 random bits."""
    return hashlib.sha256(secret.encode()).hexdigest()


def same(one: str, other: str) -> bool:
    """Compare without telling by the time how much is alike."""
    return hmac.compare_digest(one.encode(), other.encode())


def is_challenge(text: str) -> bool:
    return _CHALLENGE.fullmatch(text) is not None


def proves(verifier: str, challenge: str) -> bool:
    """Whether a PKCE verifier fits the challenge (S256)."""
    if not _VERIFIER.fullmatch(verifier):
        return False
    made = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    return same(made, challenge)


def is_scope(text: str) -> bool:
    return text in PLAIN or text == RECORD_LINK or scopes.read(text) is not None


def offered(asked: Iterable[str], allowed: Iterable[str]) -> tuple[str, ...]:
    """What of the asked scopes an app that is allowed those may be granted.

    Unknown ones are passed over, as OpenID Connect asks. A scope that is granted whole keeps the form it came in.
    """
    may = tuple(allowed)
    grants = [grant for text in may if (grant := scopes.read(text)) is not None]
    found: dict[str, None] = {}
    for text in dict.fromkeys(asked):
        if text in PLAIN:
            if text in may:
                found[text] = None
            continue
        wanted = scopes.read(text)
        for grant in grants if wanted is not None else ():
            assert wanted is not None
            met = scopes.meet(wanted, grant)
            if met is not None:
                found[text if met == wanted else str(met)] = None
    return tuple(found)


def narrower(asked: Iterable[str], granted: Iterable[str]) -> bool:
    """Whether everything asked was granted before (RFC 6749, section 6)."""
    return set(asked) <= set(granted)


def needs_patient(granted: Iterable[str]) -> bool:
    """Whether somebody's record has to be chosen."""
    return any(text in (LAUNCH, LAUNCH_PATIENT) or text.startswith("patient/") for text in granted)

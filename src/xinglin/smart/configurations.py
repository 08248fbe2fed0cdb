"""What another server says of itself in its ``smart-configuration``, and what it lacks for a launch. Pure.

https://hl7.org/fhir/smart-app-launch/STU2.2/conformance.html#response
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

from xinglin.kernel import outgoing

WELL_KNOWN = "/.well-known/smart-configuration"
OPENID = "/.well-known/openid-configuration"
_OURS = "ES384"
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


class Lack(StrEnum):
    """What a configuration lacks. Without one of ``NEEDED`` nothing can be opened."""

    AUTHORIZE = "authorization_endpoint"
    TOKEN = "token_endpoint"  # noqa: S105 -- a name
    ISSUER = "issuer"
    KEYS = "jwks_uri"
    PKCE = "code_challenge_methods_supported"
    LAUNCH = "launch-ehr"
    OPENID = "sso-openid-connect"
    CONTEXT = "context-ehr-patient"
    PERMISSION = "permission-patient"
    CLIENT = "private_key_jwt"
    ALGORITHM = "token_endpoint_auth_signing_alg_values_supported"
    SECRET = "client_secret_basic"  # noqa: S105 -- as above


NEEDED = frozenset({Lack.AUTHORIZE, Lack.TOKEN, Lack.ISSUER, Lack.KEYS})


@dataclass(frozen=True, slots=True)
class Configuration:
    """Addresses and abilities of a server whose FHIR interface is at ``base``."""

    base: str
    issuer: str
    authorize: str
    token: str
    keys: str
    capabilities: frozenset[str]
    methods: frozenset[str]
    algorithms: frozenset[str]
    challenges: frozenset[str]
    names_itself: bool  # RFC 9207: its answers say whose they are

    @property
    def is_of_version_1(self) -> bool:
        """Whether it knows only the scopes of SMART 1: ``.read`` in the place of ``.rs``."""
        return "permission-v1" in self.capabilities and "permission-v2" not in self.capabilities


def read(found: dict[str, Any], *, base: str) -> Configuration:
    """What is said; an address that may not be asked is as good as none."""
    return Configuration(
        base=base,
        issuer=_text(found.get("issuer")),
        authorize=_address(found.get("authorization_endpoint"), base),
        token=_address(found.get("token_endpoint"), base),
        keys=_address(found.get("jwks_uri"), base),
        capabilities=_texts(found.get("capabilities")),
        methods=_texts(found.get("token_endpoint_auth_methods_supported")),
        algorithms=_texts(found.get("token_endpoint_auth_signing_alg_values_supported")),
        challenges=_texts(found.get("code_challenge_methods_supported")),
        names_itself=found.get("authorization_response_iss_parameter_supported") is True,
    )


def may_ask(address: str, *, base: str) -> bool:
    """Whether an address that the server at ``base`` names may be asked: over TLS; here only if it is here too."""
    try:
        parts, own = urlsplit(address), urlsplit(base)
        _ = parts.port
    except ValueError:
        return False
    if not outgoing.is_private(parts) or not parts.hostname or parts.username or parts.fragment:
        return False
    return is_loopback(own.hostname) or not is_loopback(parts.hostname)


def is_loopback(host: str | None) -> bool:
    """Whether a host is written as this machine itself."""
    return host in _LOOPBACK


def lacks(said: Configuration, *, by_secret: bool) -> tuple[Lack, ...]:
    """What is missing, the worst first."""
    able, methods = said.capabilities, said.methods
    with_key = "client-confidential-asymmetric" in able or "private_key_jwt" in methods
    with_secret = "client-confidential-symmetric" in able or "client_secret_basic" in methods
    found = {
        Lack.AUTHORIZE: not said.authorize,
        Lack.TOKEN: not said.token,
        Lack.ISSUER: not said.issuer,
        Lack.KEYS: not said.keys,
        Lack.PKCE: "S256" not in said.challenges,
        Lack.LAUNCH: "launch-ehr" not in able,
        Lack.OPENID: "sso-openid-connect" not in able,
        Lack.CONTEXT: "context-ehr-patient" not in able,
        Lack.PERMISSION: "permission-patient" not in able,
        Lack.CLIENT: not by_secret and not with_key,
        Lack.ALGORITHM: not by_secret and bool(said.algorithms) and _OURS not in said.algorithms,
        Lack.SECRET: by_secret and not with_secret,
    }
    return tuple(lack for lack, missing in found.items() if missing)


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _texts(value: object) -> frozenset[str]:
    return frozenset(one for one in value if isinstance(one, str)) if isinstance(value, list) else frozenset()


def _address(value: object, base: str) -> str:
    return value if isinstance(value, str) and may_ask(value, base=base) else ""

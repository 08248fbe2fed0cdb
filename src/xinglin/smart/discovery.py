"""What the platform tells programs of itself, before they ask anything.

https://hl7.org/fhir/smart-app-launch/STU2.2/conformance.html,
https://openid.net/specs/openid-connect-discovery-1_0.html
"""

from __future__ import annotations

from typing import Any

from xinglin.smart import keys, rules
from xinglin.smart.assertions import ALGORITHMS

_CAPABILITIES = [
    "launch-ehr", "launch-standalone", "client-public", "client-confidential-symmetric",
    "client-confidential-asymmetric", "sso-openid-connect", "context-ehr-patient", "context-standalone-patient",
    "permission-offline", "permission-online", "permission-patient", "permission-user", "permission-v1",
    "permission-v2",
]  # fmt: skip
_SCOPES = [*rules.PLAIN, "patient/*.cruds", "user/*.cruds", "system/*.cruds"]


def _common(base: str) -> dict[str, Any]:
    signing = sorted({name for names in ALGORITHMS.values() for name in names})
    return {
        "issuer": base,
        "jwks_uri": f"{base}/oauth/jwks",
        "authorization_endpoint": f"{base}/oauth/authorize",
        "token_endpoint": f"{base}/oauth/token",
        "userinfo_endpoint": f"{base}/oauth/userinfo",
        "revocation_endpoint": f"{base}/oauth/revoke",
        "introspection_endpoint": f"{base}/oauth/introspect",
        "management_endpoint": f"{base}/account/apps/",
        "grant_types_supported": ["authorization_code", "refresh_token", "client_credentials"],
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "code_challenge_methods_supported": ["S256"],
        "scopes_supported": _SCOPES,
        "token_endpoint_auth_methods_supported": ["none", "client_secret_basic", "private_key_jwt"],
        "token_endpoint_auth_signing_alg_values_supported": signing,
        "authorization_response_iss_parameter_supported": True,
    }


def smart(base: str) -> dict[str, Any]:
    """``/.well-known/smart-configuration``, at the root and below the FHIR interface."""
    return {**_common(base), "capabilities": _CAPABILITIES}


def openid(base: str) -> dict[str, Any]:
    """``/.well-known/openid-configuration``."""
    return {
        **_common(base),
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": [keys.ALGORITHM],
        "claims_supported": [
            "iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "fhirUser", "name", "preferred_username",
        ],
        "prompt_values_supported": ["none", "consent"],
        "request_parameter_supported": False,
        "request_uri_parameter_supported": False,
    }  # fmt: skip


def security(base: str) -> dict[str, Any]:
    """What the CapabilityStatement says of it: https://hl7.org/fhir/smart-app-launch/1.0.0/conformance/"""
    addresses = {
        "authorize": "authorize", "token": "token", "introspect": "introspect", "revoke": "revoke",
    }  # fmt: skip
    return {
        "url": "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris",
        "extension": [
            {"url": name, "valueUri": f"{base}/oauth/{path}"} for name, path in addresses.items()
        ] + [{"url": "manage", "valueUri": f"{base}/account/apps/"}],
    }  # fmt: skip

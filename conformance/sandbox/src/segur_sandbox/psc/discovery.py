"""The discovery document, as captured on the integration environment."""

from typing import Any

from segur_sandbox.psc.addresses import Addresses

CIBA_GRANT = "urn:openid:params:grant-type:ciba"
SCOPES = [
    "openid",
    "scope_all",
    "identity",
    "rpps",
    "referentiel",
    "interop",
    "scope_1",
    "scope_2",
    "eidas1",
    "eidas2",
    "profile",
    "email",
    "phone",
    "address",
    "roles",
    "basic",
    "acr",
    "offline_access",
    "web-origins",
    "microprofile-jwt",
]
_SIGNATURES = [
    "PS384",
    "RS384",
    "EdDSA",
    "ES384",
    "HS256",
    "HS512",
    "ES256",
    "RS256",
    "HS384",
    "ES512",
    "PS256",
    "PS512",
    "RS512",
]


def discovery_document(addresses: Addresses) -> dict[str, Any]:
    """Return what the issuer says of itself."""
    endpoints = {
        "token_endpoint": addresses.protocol("/token"),
        "introspection_endpoint": addresses.protocol("/token/introspect"),
        "userinfo_endpoint": addresses.protocol("/userinfo"),
        "end_session_endpoint": addresses.protocol("/logout"),
        "revocation_endpoint": addresses.protocol("/revoke"),
        "backchannel_authentication_endpoint": addresses.protocol("/ext/ciba/auth"),
    }
    aliased = ("token", "revocation", "introspection", "userinfo", "backchannel_authentication")
    return {
        "issuer": addresses.issuer,
        "authorization_endpoint": addresses.authorization,
        **endpoints,
        "jwks_uri": addresses.protocol("/certs"),
        "mtls_endpoint_aliases": {f"{name}_endpoint": endpoints[f"{name}_endpoint"] for name in aliased},
        "grant_types_supported": [
            "authorization_code",
            "implicit",
            "refresh_token",
            "password",
            "client_credentials",
            CIBA_GRANT,
            "urn:ietf:params:oauth:grant-type:device_code",
        ],
        "acr_values_supported": ["0", "0"],
        "response_types_supported": [
            "code",
            "none",
            "id_token",
            "token",
            "id_token token",
            "code id_token",
            "code token",
            "code id_token token",
        ],
        "response_modes_supported": [
            "query",
            "fragment",
            "form_post",
            "query.jwt",
            "fragment.jwt",
            "form_post.jwt",
            "jwt",
        ],
        "subject_types_supported": ["public", "pairwise"],
        "id_token_signing_alg_values_supported": _SIGNATURES,
        "scopes_supported": SCOPES,
        "token_endpoint_auth_methods_supported": [
            "private_key_jwt",
            "client_secret_basic",
            "client_secret_post",
            "tls_client_auth",
            "client_secret_jwt",
        ],
        "tls_client_certificate_bound_access_tokens": True,
        "code_challenge_methods_supported": ["plain", "S256"],
        "authorization_response_iss_parameter_supported": True,
        "backchannel_token_delivery_modes_supported": ["poll", "ping"],
        "backchannel_logout_supported": True,
        "backchannel_logout_session_supported": True,
        "frontchannel_logout_supported": True,
        "frontchannel_logout_session_supported": True,
        "claims_parameter_supported": True,
        "claims_supported": [
            "aud",
            "sub",
            "iss",
            "auth_time",
            "name",
            "given_name",
            "family_name",
            "preferred_username",
            "email",
            "acr",
        ],
    }

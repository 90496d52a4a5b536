"""An authority of the tests' own, that checks what it is asked and can spoil everything that it answers."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from enum import Enum, auto
from typing import Any, Final
from urllib.parse import parse_qs, parse_qsl, urlencode

import attrs
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from segur_sdk.context import HttpReply


class Absent(Enum):
    """Names itself in the names of tests, which every process has to give alike."""

    ABSENT = auto()

    def __repr__(self) -> str:
        return self.name


NOW: Final = datetime(2026, 3, 2, 7, 5, 6, tzinfo=UTC)
ADDRESS: Final = "https://psc.test:8443"
LOGIN: Final = "https://wallet.test:8444"
REALM: Final = "/auth/realms/esante-wallet"
ISSUER: Final = ADDRESS + REALM
CLIENT: Final = "lgo-exemple"
REDIRECT: Final = "http://127.0.0.1:53682/retour"
KIT: Final = "899700366240"
SUB: Final = f"f:550dc1c8-d97b-4b1e-ac8c-8eb4471cf9dd:{KIT}"
ABSENT: Final = Absent.ABSENT
"""As a value: the member is left out."""
PROTOCOL: Final = f"{REALM}/protocol/openid-connect"
PATHS: Final = {
    "token_endpoint": f"{PROTOCOL}/token",
    "userinfo_endpoint": f"{PROTOCOL}/userinfo",
    "jwks_uri": f"{PROTOCOL}/certs",
    "end_session_endpoint": f"{PROTOCOL}/logout",
    "revocation_endpoint": f"{PROTOCOL}/revoke",
    "backchannel_authentication_endpoint": f"{PROTOCOL}/ext/ciba/auth",
}
WELL_KNOWN: Final = f"{REALM}/.well-known/wallet-openid-configuration"
USERINFO: Final[Mapping[str, Any]] = {
    "sub": SUB,
    "SubjectNameID": KIT,
    "preferred_username": KIT,
    "given_name": "KIT",
    "family_name": "DOC0036624",
    "email_verified": False,
    "SubjectRole": ["10^1.2.250.1.213.1.1.5.5"],
    "SubjectOrganization": "CABINET M DOC0036624",
    "SubjectOrganizationID": "R100000",
    "Secteur_Activite": "SA07^1.2.250.1.71.4.2.4",
    "Mode_Acces_Raison": "",
    "authMode": "CARD",
    "otherIds": [{"identifiant": KIT, "origine": "RPPS", "qualite": 1}],
    "SubjectRefPro": {
        "codeCivilite": "M",
        "exercices": [
            {
                "codeProfession": "10",
                "codeCategorieProfessionnelle": "C",
                "codeCiviliteDexercice": "DR",
                "activities": [
                    {
                        "codeModeExercice": "L",
                        "codeSecteurDactivite": "SA07",
                        "raisonSocialeSite": "CABINET M DOC0036624",
                        "ancienIdentifiantDeLaStructure": "499700366240007",
                        "identifiantTechniqueDeLaStructure": "R100000",
                        "numeroFinessSite": "",
                    },
                    {
                        "codeModeExercice": "S",
                        "codeSecteurDactivite": "SA01",
                        "raisonSocialeSite": "HOPITAL GENERIQUE FINESS",
                        "numeroFinessSite": "0B0193488",
                        "ancienIdentifiantDeLaStructure": None,
                    },
                ],
            }
        ],
    },
}


def b64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode("ascii")


def changed(given: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in {**given, **changes}.items() if value is not ABSENT}


def json_reply(content: Any, status: int = 200, media_type: str = "application/json;charset=UTF-8") -> HttpReply:
    return HttpReply(status=status, headers={"content-type": media_type}, body=json.dumps(content).encode())


def refusal(error: str, status: int = 400, description: str = "") -> HttpReply:
    return json_reply({"error": error, "error_description": description}, status)


@attrs.frozen
class Signer:
    """A key of the authority."""

    kid: str
    key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey

    def jwk(self, **changes: Any) -> dict[str, Any]:
        public = self.key.public_key().public_numbers()
        if isinstance(public, rsa.RSAPublicNumbers):
            size = (public.n.bit_length() + 7) // 8
            members = {"kty": "RSA", "n": b64(public.n.to_bytes(size)), "e": b64(public.e.to_bytes(3))}
        else:
            members = {"kty": "EC", "crv": "P-256", "x": b64(public.x.to_bytes(32)), "y": b64(public.y.to_bytes(32))}
        return changed({"kid": self.kid, "use": "sig", **members}, changes)

    def public_pem(self) -> bytes:
        return self.key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )

    def sign(self, content: bytes) -> bytes:
        if isinstance(self.key, rsa.RSAPrivateKey):
            return self.key.sign(content, padding.PKCS1v15(), hashes.SHA256())
        r, s = decode_dss_signature(self.key.sign(content, ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(32) + s.to_bytes(32)

    def jwt(self, claims: Any, header: Mapping[str, Any] | None = None) -> str:
        """A token signed by this key, whatever its header says."""
        head = changed({"alg": "RS256", "typ": "JWT", "kid": self.kid}, header or {})
        said = f"{b64(json.dumps(head).encode())}.{b64(json.dumps(claims).encode())}"
        return f"{said}.{b64(self.sign(said.encode()))}"

    def confused(self, claims: Any, header: Mapping[str, Any]) -> str:
        """A token authenticated by the public key as if it were a secret."""
        said = f"{b64(json.dumps({'kid': self.kid, **header}).encode())}.{b64(json.dumps(claims).encode())}"
        return f"{said}.{b64(hmac.digest(self.public_pem(), said.encode(), 'sha256'))}"


def at_hash(access_token: str) -> str:
    return b64(hashlib.sha256(access_token.encode()).digest()[:16])


@attrs.frozen
class Sent:
    """One request that reached the authority."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def form(self) -> dict[str, str]:
        pairs = parse_qsl(self.body.decode(), strict_parsing=True, keep_blank_values=True)
        assert len(dict(pairs)) == len(pairs)
        return dict(pairs)


@attrs.define
class MadeProvider:
    """Answers as Pro Santé Connect does, unless told otherwise."""

    signer: Signer
    clock: Callable[[], datetime]
    document: dict[str, Any] = attrs.field(factory=dict)
    """Changes to the discovery document."""
    claims: dict[str, Any] = attrs.field(factory=dict)
    """Changes to ID tokens."""
    header: dict[str, Any] = attrs.field(factory=dict)
    make_token: Callable[[dict[str, Any]], str] | None = None
    answer: dict[str, Any] = attrs.field(factory=dict)
    """Changes to what is granted."""
    userinfo: dict[str, Any] = attrs.field(factory=lambda: dict(USERINFO))
    callback: dict[str, Any] = attrs.field(factory=dict)
    """Changes to the query with which the browser comes back."""
    raw_callback: str | None = None
    keys: list[dict[str, Any]] | None = None
    replies: dict[str, list[Any]] = attrs.field(factory=dict)
    """By path: what is answered instead, each once; an exception is raised."""
    sent: list[Sent] = attrs.field(factory=list)
    asked: list[dict[str, str]] = attrs.field(factory=list)
    """Authorization requests."""
    granted: int = 0
    over: bool = False
    """Its own session is over: it renews nothing any more."""
    codes: dict[str, dict[str, str]] = attrs.field(factory=dict)

    def on(self, name: str, *replies: Any) -> None:
        self.replies.setdefault(PATHS[name], []).extend(replies)

    def to(self, name: str) -> list[Sent]:
        return [one for one in self.sent if one.path == PATHS[name]]

    def discovery(self) -> dict[str, Any]:
        document = {
            "issuer": ISSUER,
            "authorization_endpoint": f"{LOGIN}/auth",
            **{name: ADDRESS + path for name, path in PATHS.items()},
            "acr_values_supported": ["0", "0"],
            "authorization_response_iss_parameter_supported": True,
        }
        return changed(document, self.document)

    def visit(self, path: str) -> str:
        """Let somebody sign in at the page."""
        page, _, query = path.partition("?")
        assert page == "/auth"
        asked = {name: value for name, (value,) in parse_qs(query, strict_parsing=True).items()}
        assert asked["redirect_uri"] == REDIRECT
        self.asked.append(asked)
        code = f"code-{len(self.asked)}.{'c' * 40}"
        self.codes[code] = asked
        if self.raw_callback is not None:
            return self.raw_callback
        answer = {"state": asked["state"], "session_state": "s-1", "iss": ISSUER, "code": code}
        return urlencode(changed(answer, self.callback))

    def request(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> HttpReply:
        sent = Sent(method, path, headers, body)
        self.sent.append(sent)
        if self.replies.get(path):
            reply = self.replies[path].pop(0)
            if isinstance(reply, Exception):
                raise reply
            assert isinstance(reply, HttpReply)
            return reply
        return self._answered(sent)

    def access_token(self) -> str:
        return f"jeton-acces-{self.granted}-{'a' * 40}"

    def id_claims(self, nonce: str | None) -> dict[str, Any]:
        now = int(self.clock().timestamp())
        claims = {
            "iss": ISSUER, "aud": CLIENT, "azp": CLIENT, "sub": SUB, "exp": now + 120, "iat": now,
            "auth_time": now - 2, "typ": "ID", "sid": "sid-1", "acr": "eidas1", "SubjectNameID": KIT,
            "nonce": ABSENT if nonce is None else nonce, "at_hash": at_hash(self.access_token()),
        }  # fmt: skip
        return changed(claims, self.claims)

    def id_token(self, nonce: str | None = None) -> str:
        claims = self.id_claims(nonce)
        return self.make_token(claims) if self.make_token else self.signer.jwt(claims, self.header)

    def grant(self, nonce: str | None = None) -> HttpReply:
        self.granted += 1
        answer = {
            "access_token": self.access_token(), "expires_in": 120, "refresh_expires_in": 1800,
            "refresh_token": f"jeton-renouvellement-{self.granted}", "token_type": "Bearer",
            "id_token": self.id_token(nonce), "not-before-policy": 0, "session_state": "sid-1", "scope": "openid",
        }  # fmt: skip
        return json_reply(changed(answer, self.answer))

    def _answered(self, sent: Sent) -> HttpReply:
        if (sent.method, sent.path) == ("GET", WELL_KNOWN):
            return json_reply(self.discovery())
        if (sent.method, sent.path) == ("GET", PATHS["jwks_uri"]):
            return json_reply({"keys": [self.signer.jwk()] if self.keys is None else self.keys})
        if (sent.method, sent.path) == ("GET", PATHS["userinfo_endpoint"]):
            assert sent.headers["authorization"] == f"Bearer {self.access_token()}"
            return json_reply(self.userinfo)
        assert sent.method == "POST", sent
        assert sent.headers["content-type"] == "application/x-www-form-urlencoded"
        assert "authorization" not in sent.headers
        assert sent.form["client_id"] == CLIENT
        if sent.path == PATHS["token_endpoint"]:
            return self._token(sent.form)
        if sent.path == PATHS["backchannel_authentication_endpoint"]:
            return json_reply({"auth_req_id": "demande-1", "expires_in": 120, "interval": 5})
        assert sent.path in {PATHS["end_session_endpoint"], PATHS["revocation_endpoint"]}, sent
        self.over = self.over or sent.path == PATHS["end_session_endpoint"]
        return HttpReply(status=200, headers={}, body=b"")

    def _token(self, form: dict[str, str]) -> HttpReply:
        if form["grant_type"] != "authorization_code":
            return refusal("invalid_grant") if self.over else self.grant()
        asked = self.codes.pop(form["code"], None)
        challenge = b64(hashlib.sha256(form["code_verifier"].encode()).digest())
        if asked is None or form["redirect_uri"] != asked["redirect_uri"] or challenge != asked["code_challenge"]:
            return refusal("invalid_grant")
        self.over = False
        return self.grant(asked["nonce"])

"""Where the parts of Pro Santé Connect are, known once the ports are."""

import attrs

REALM = "/auth/realms/esante-wallet"
DISCOVERY = f"{REALM}/.well-known/wallet-openid-configuration"
PROTOCOL = f"{REALM}/protocol/openid-connect"
AUTHORIZE = "/auth"


@attrs.define
class Addresses:
    """Origins, without a slash at the end."""

    issuer_origin: str = ""
    wallet_origin: str = ""
    service_origin: str = ""

    @property
    def issuer(self) -> str:
        """The issuer identifier."""
        return self.issuer_origin + REALM

    @property
    def discovery(self) -> str:
        """The discovery document."""
        return self.issuer_origin + DISCOVERY

    def protocol(self, path: str) -> str:
        """Return an endpoint of the issuer's."""
        return f"{self.issuer_origin}{PROTOCOL}{path}"

    @property
    def authorization(self) -> str:
        """The authorization endpoint, at the wallet's origin."""
        return self.wallet_origin + AUTHORIZE

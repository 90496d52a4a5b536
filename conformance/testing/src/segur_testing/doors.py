"""A host whose door tells the boundary monitor of every identity that it refuses."""

import sys

from segur_host import Host
from segur_sdk.errors import IdentityError
from segur_sdk.identity.seal import SealedIdentity
from segur_testing.acts import DOOR_PREFIX


class WatchedHost(Host):
    """The reference host; a refusal at its door is an audit event of the interpreter too."""

    def admit(self, identity: object) -> SealedIdentity:
        """Admit as the host does; see ``Host.admit``. A refusal raises the event ``segur.<code>`` first."""
        try:
            return super().admit(identity)
        except IdentityError as refused:
            sys.audit(DOOR_PREFIX + refused.code)
            raise

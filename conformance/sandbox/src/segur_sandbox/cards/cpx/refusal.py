"""How the parts of a card refuse a command."""


class RefusedError(Exception):
    """A command refused with a status word."""

    def __init__(self, status: bytes) -> None:
        super().__init__(status.hex())
        self.status = status

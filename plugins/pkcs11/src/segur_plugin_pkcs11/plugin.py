"""The plugin: it brings two token drivers and answers no hook."""

from segur_sdk import SegurHooks


class Pkcs11Plugin(SegurHooks):
    """Nothing of it runs in the host: its drivers do their work in child processes."""

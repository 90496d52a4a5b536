"""The plugin class: everything this plugin brings is its driver."""

from segur_sdk import SegurHooks


class PcscPlugin(SegurHooks):
    """Answers no hook: what the readers hold is read by other plugins, through the host."""

"""Settings of the plugin: the table ``[plugins.insi.settings]`` of a host's configuration."""

from typing import Literal

from pydantic import Field

from segur_sdk.context import PluginSettings
from segur_sdk.errors import ConfigError
from segur_sdk.models.actor import Environment


class InsiSettings(PluginSettings):
    """What a site may change."""

    retries: int = Field(default=1, ge=0, le=2)
    """How often, in one qualification, a search is asked again at once after an answer that proves nothing was
    found out: service not reached, or ``siram_40``. A search only reads, asking twice changes nothing."""
    vitale_assertion: Literal["none", "sandbox"] = "none"
    """Where the assertion Vitale of a search by card comes from. ``none``: there is none, a card's beneficiary
    is searched by the traits read. ``sandbox``: an assertion of this project's own making, understood by its
    sandbox alone and refused in any other environment. The official one is made by official components."""

    def makes_assertions(self, environment: Environment) -> bool:
        """Tell whether cards are searched with the assertion of this project's own making.

        Raises:
            ConfigError: ``insi.assertion_outside_sandbox``: no other service must ever see it.
        """
        if self.vitale_assertion == "none":
            return False
        if environment is not Environment.SANDBOX:
            raise ConfigError("insi.assertion_outside_sandbox", environment=environment.value)
        return True

"""The host's one configuration file, and the secrets it refers to."""

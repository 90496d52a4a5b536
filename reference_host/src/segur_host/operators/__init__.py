"""People who work with this host: their accounts, their codes, what they may do."""

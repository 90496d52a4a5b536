"""Pro Santé Connect: the issuer, its login pages, and a fake service that trusts it."""

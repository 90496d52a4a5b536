"""The counter of a pharmacy, walked through step by step against the sandbox."""

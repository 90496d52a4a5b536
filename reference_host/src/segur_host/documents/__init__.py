"""Documents that a professional answers for: where each goes, and which leave by themselves."""

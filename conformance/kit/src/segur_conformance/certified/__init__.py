"""Whether a run may be certified: on installed wheels alone, whole, with the kit as it was published."""

"""What happened, told to plugins after the fact, at least once."""

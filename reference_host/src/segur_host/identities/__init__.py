"""People as the host records them: every revision kept, each one sealed."""

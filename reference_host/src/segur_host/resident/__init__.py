"""The resident host: one process that keeps sessions, and whose clients are the commands of its user."""

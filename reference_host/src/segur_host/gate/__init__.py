"""The gate: what must be true before anything about a patient is sent, and again before each attempt."""

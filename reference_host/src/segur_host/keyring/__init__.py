"""The keys that the host makes and keeps: encrypted, and replaced without an instant of doubt."""

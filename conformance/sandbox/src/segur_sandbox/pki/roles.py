"""The client certificates that a sandbox makes at its first start."""

CLIENT_ROLES: dict[str, tuple[str, str]] = {
    "insi-auto": ("INSI-AUTO", "AUTH_CLI"),
    "insi-manu": ("INSI-MANU", "AUTH_CLI"),
    "expired": ("INSI-AUTO", "AUTH_CLI"),
    "revoked": ("INSI-AUTO", "AUTH_CLI"),
    "wrong-cn": ("DMP-OFFICINE", "AUTH_CLI"),
    "wrong-usage": ("INSI-MANU", "SIGN"),
    "foreign-ca": ("INSI-AUTO", "AUTH_CLI"),
    "org-auth": ("LGO DU BAC A SABLE", "AUTH_CLI"),
    "org-sign": ("LGO DU BAC A SABLE", "SIGN"),
    "org-conf": ("LGO DU BAC A SABLE", "CONF"),
}
"""Role → common name and usage of its certificate. What is wrong with a role is its name."""

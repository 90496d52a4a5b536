"""A platform where certificates are ordered, withdrawn and revoked.

What it asks for, its states and its rules follow the public guides to ordering; its wire format, JSON over HTTPS, is
**ours**: the web service of the real platform has no public description, and no client of it may be written from this.
"""

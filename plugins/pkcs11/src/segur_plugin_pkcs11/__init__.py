"""Ségur plugin: drivers for cards of professionals, by PKCS#11 modules and by APDU."""

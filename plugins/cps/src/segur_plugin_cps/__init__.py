"""Ségur plugin: reads professionals' cards (CPS, CPF, CPE, CPA) and opens sessions by them."""

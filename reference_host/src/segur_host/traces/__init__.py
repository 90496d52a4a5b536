"""Functional traces linked to a patient: searchable by him, printable, kept for a time, then purged.

They hold patient data (traits asked and answered, history of an INS) and so stand in the encrypted database only;
the audit, without health data, is another thing (``segur_host.audit``).
"""

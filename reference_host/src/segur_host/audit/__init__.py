"""The audit: what happened, hash-chained, without health data.

Functional traces linked to a patient are another thing and stand in ``segur_host.traces``.
"""

"""PDF/A-1: made from a written body, or given by the practice software and checked. Needs the extra ``pdf``.

Sources: ISO 19005-1 (PDF/A-1); PDF Reference 1.4; CI-SIS *Structuration minimale de documents médicaux* V1.16.8.
"""

from segur_sdk.formats.pdfa.checking import check_pdf
from segur_sdk.formats.pdfa.making import make_pdf

__all__ = ["check_pdf", "make_pdf"]

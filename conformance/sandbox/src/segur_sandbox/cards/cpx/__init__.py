"""Virtual cards of professionals (CPS, CPF, CPE, CPA), of the generations CPS3 and CPS4.

Command set, files and labels follow what public sources tell of the real cards; each module says what is OURS.
"""

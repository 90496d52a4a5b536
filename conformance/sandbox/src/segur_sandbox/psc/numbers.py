"""RPPS numbers of people who do not exist: `997`, seven digits, Luhn key, as those of published test identities."""


def luhn_key(digits: str) -> str:
    """Return the digit that makes `digits` followed by it pass the Luhn check."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return str(-total % 10)


def fictitious_rpps(rank: str) -> str:
    """Return the RPPS number, 11 digits, of the fictitious professional whose family name ends with the 7 of `rank`."""
    return f"997{rank}{luhn_key(f'997{rank}')}"

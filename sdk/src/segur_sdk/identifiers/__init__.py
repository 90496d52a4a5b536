"""National identifiers: parse, check, format. Pure functions over text."""

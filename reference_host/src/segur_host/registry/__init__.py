"""Which plugins there are, which are trusted, and in which order they answer."""

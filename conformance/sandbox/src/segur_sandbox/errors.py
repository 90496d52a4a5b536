"""Errors that cross modules of the sandbox."""


class DataFileError(ValueError):
    """A file that a tester put into the data folder cannot be used.

    The message is the file's name and where it goes wrong, without quoting what it holds.
    """

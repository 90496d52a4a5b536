"""Healthcare wire formats that plugins share. Modules that need a library name it as an extra of ``segur-sdk``."""

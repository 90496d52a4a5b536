"""Sources of the documentation, the scripts that generate its reference pages and build it."""

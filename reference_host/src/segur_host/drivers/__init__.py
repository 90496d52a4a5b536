"""Hardware and native libraries, each in a child process that may be killed."""

"""The command line: `fathom`."""

"""Fathom's engine: source files in, ranked functions out. Knows neither LSP nor a terminal."""

__version__ = "0.1.0"

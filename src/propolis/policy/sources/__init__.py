"""Reads policies and their tests from files. The engine takes what comes from here as values."""

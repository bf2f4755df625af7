"""Judges resources and inventories by checks and risky grants; pure functions of values."""

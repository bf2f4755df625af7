"""Judges inventories by their NetworkPolicies; pure functions of values."""

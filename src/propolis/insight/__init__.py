"""What only the whole can say: how much risk a workload carries, why, and what to fix first.

Joins what the engines found with what the inventory shows; does no I/O and keeps nothing.
Open `ledger.py` first: it takes findings as they come and gives scores and fixes at the end.
"""

"""Small languages that two rooms or more speak: selectors, wildcards, quantities, loading of documents.

Each module parses or compiles one language and knows nothing of policies, findings or clusters.
"""

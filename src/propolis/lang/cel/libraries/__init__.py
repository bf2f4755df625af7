"""Functions and macros that expressions may call, one folder or module a library.

`standard` is in every environment. What belongs to Kubernetes or Kyverno has a folder of its own.
"""

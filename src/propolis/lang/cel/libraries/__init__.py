"""Functions that expressions may call, a module a library; Kubernetes and Kyverno have their own folders."""

"""What the API server adds to CEL.

`environments.py` says which version of Kubernetes has which of them: open it first. Follows
kubernetes/apiserver pkg/cel/library @ 24a394e: names, overload ids and results; texts of errors
where they come from a parser (addresses, quantities, versions), since messages of policies show them.
"""

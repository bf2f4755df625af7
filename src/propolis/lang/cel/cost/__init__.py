"""What an expression costs: estimated before it runs, counted while it runs.

`estimate.py` says within which bounds an expression costs for values of known sizes; `counter.py` counts what
one evaluation costs and ends it at a limit. Both follow cel-go (checker/cost.go, interpreter/runtimecost.go)
and what Kubernetes says of its own functions (apiserver pkg/cel/library/cost.go), so that what is accepted
and evaluated here is accepted and evaluated by an API server. Open `estimate.py` first.
"""

"""Why rules decide as they do: the engine's own outcome, and beside it a trace of every part that had a say.

`explain.explain` is the door. A trace walks the documents of the model with the engine's own functions and
tells of each part what it asks, what it found and where both stand. It never decides: when a trace and the
engine disagree, the outcome is the engine's and the explanation says so. `patch_search` looks for the
smallest change of the resource with which the engine lets it pass.
"""

"""Which permissions policies need in a cluster: what scans read, what look-ups ask, what actions write.

Pure functions of policies and the kinds that a server serves. Open `permissions.py` first; `asked.py` and
`expressions.py` have what policies look up, `acted.py` what they change, `named.py` how kinds are called.
"""

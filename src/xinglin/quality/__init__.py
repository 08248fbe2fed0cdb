"""How good the data are: rules over flat rows, findings, scores, and the loop from a problem to its cure.

Start reading at ``rules``.
"""

"""What is seen of the ledger.

``files`` shows it to anybody, as tlog-tiles has it; ``pages`` to people; ``audits`` to operators.
"""

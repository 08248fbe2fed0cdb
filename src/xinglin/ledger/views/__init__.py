"""What is seen of the ledger: ``files`` by anybody, as tlog-tiles has it; ``pages`` by people; ``audits`` by operators."""

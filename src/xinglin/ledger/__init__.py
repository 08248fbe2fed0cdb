"""The tamper-evident log: what was done, as a Merkle tree whose head is signed and cosigned by others."""

"""Document subscription (IHE DSUBm): a system is told when a document that it waits for is in the record."""

"""The exchange's pages: the monitor, messages, quarantine, senders."""

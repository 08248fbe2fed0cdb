"""The audit's pages: lines, alerts, a resident's view, the security board."""

"""The pages: ``record`` has those of a record, ``closed`` what the policy closes."""

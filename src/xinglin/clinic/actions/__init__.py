"""What can be done at a clinic. Keyword-only verbs in the caller's transaction; each asks for its right first."""

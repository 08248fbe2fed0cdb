"""The pages: a resident's decisions, their paper, and the inbox of notices."""

"""The pages: signing in and out, one's own account, the administration of accounts."""

"""What can be done in the ward, one module a kind of work; inside the caller's transaction."""

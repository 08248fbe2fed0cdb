"""The addresses of this package: for other nodes (machines) and for people (the others)."""

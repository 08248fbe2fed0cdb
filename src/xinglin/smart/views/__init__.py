"""The addresses of this package: for programs (discovering, exchanging) and for people (the others)."""

"""Digests, ciphers, signatures and signed tokens, by international and by Chinese algorithms."""

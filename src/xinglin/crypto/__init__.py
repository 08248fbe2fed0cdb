"""Digests, ciphers, signatures and signed tokens, by international and by Chinese algorithms. Pure: no Django.

A *ring* (``keys.KeyRing``) is one purpose's keys with their versions: the current one makes, the older ones still
read. ``folder.KeyFolder`` keeps rings as files. ``sealing`` encrypts single fields and makes keyed hashes by which
they can be searched; ``tokens`` makes short-lived signed tokens; ``signatures`` has the ``Signer`` and ``Verifier``
that both stand on, ``sm2`` one more implementation of them, ``ciphers`` the ``Sealer``, ``digests`` SM3.

**This is software cryptography.** Keys are in the memory of the process and in files, and no part of it is a
certified module. Where the law asks for one (GB/T 39786, level 3), the module takes the place of a ``Signer``, a
``Verifier`` and a ``Sealer``: three small interfaces that never show a key. Start reading at ``keys``.
"""

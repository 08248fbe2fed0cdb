"""The tamper-evident log: what was done, as a Merkle tree whose head is signed here and cosigned by others.

An *event* happened and stands in a *source*: the access log, the record's versions, another package's table, or the
ledger's own queue (``actions.enter``). An *entry* is public and holds only a salted hash of it. The *sequencer* gives
entries their numbers and signs the *head*; *witnesses* cosign heads that continue those they have seen. A *proof* shows
that an entry is in the log; an *audit* recomputes everything and names what was changed. Formats: C2SP and RFC 6962.

Without database or Django: ``tree``, ``tiles``, ``entries``, ``checkpoints``, ``policies``, ``proofs``,
``verification``, ``witnessing``. Inside the platform: ``sources``, ``sequencing``, ``cosigning``, ``auditing``,
``disclosing``, and ``keeping``, the process that does it all. Start reading at ``entries``, then ``sequencing``.
"""

"""Who may sign in: the accounts of people, and the tokens of machine clients.

An account has roles and, usually, an institution. ``queries.actor_of`` makes it the kernel's ``Actor``, under
whose name everything is read and written. A password goes through ``backend``, which ``hindrances`` lock after
failures; a second factor (``factors``) follows where the role needs one or the owner has one; then a session
(``sessions``) holds for a time. What a password must be, when a lock falls and what a role may do with accounts is in
``data`` (``policy``). All that happens is in ``events``, which the ledger reads. ``managing`` is for administrators.
Start reading at ``models``, then ``policy``, ``backend`` and ``managing``.
"""

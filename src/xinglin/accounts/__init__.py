"""Who may sign in: the accounts of people, and the tokens of machine clients.

An account has roles and, usually, an institution. ``queries.actor_of`` makes it the kernel's ``Actor``, under
whose name everything is read and written. Start reading at ``models``, then ``queries``.
"""

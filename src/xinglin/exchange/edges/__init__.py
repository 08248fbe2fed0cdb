"""The front machines of institutions, as the platform knows them: whether they are heard of, and what they still hold.

Each tells its *state* every minute with its sender's key: queue, sources, errors, and daily *counts* of what the
institution's own database has, what was captured and what was sent (上传率). One that falls silent, falls behind or has
refused messages stands at the top with an *alarm*. Start reading at ``rules``.
"""

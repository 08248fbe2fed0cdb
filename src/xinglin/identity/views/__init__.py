"""The pages under ``/persons/``.

``register`` has the divisions and the lists of residents, ``households`` and ``archives`` what hangs on them; ``frame``
is what every page has: rights, the row of tabs, and forms that keep what was typed when it was refused.
"""

"""The record: the one door to health data.

``open_as(actor)`` gives a ``Door``: read, search, history; create, update, patch, delete, transaction and
batch. A resource has *versions*; the living ones are in ``record_resource``, what they replaced and deletions
in ``record_history``. A write is a list of ``steps.Step``s that ``actions.perform`` carries out in one
transaction; plain creates of several requests share one (``grouping``). What was written can be consumed in
the order of the commits (``changes``). Every look is noted (``access``).

Start reading at ``door``, then ``transaction``, then ``store`` (the statements) and ``search``.
"""

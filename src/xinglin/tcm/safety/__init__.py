"""Safety of prescriptions of Chinese medicine (审方): what is stopped, what needs a second signature, what to note.

A *prescription* is lines of herbs and patent medicines; a *person* is what is known of who takes it.
``checking.check`` sets both against a *rulebook* (``rulebook``), compiled from the tables in ``data``: herbs that
clash, herbs not for everybody, most amounts by route and processing, how herbs are taken and boiled, duplicates,
Western medicines, allergies. Each *finding* has one of three levels, the lines it is about, words in Chinese and
English, and its basis; a rule without a basis can only note. ``actions`` reviews at signing and dispensing and keeps
who *overruled* what.

Start reading at ``values``, then ``rulebook`` and ``checking``.
"""

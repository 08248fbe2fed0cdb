"""The door for images: DICOM in by network (C-STORE) and by web (STOW-RS), out by web (QIDO-RS, WADO-RS).

A *study* has *series*, which have *instances*; an instance is one file, kept sealed under the digest of its content.
What comes together is an *arrival* (an association, a request); an instance that cannot be used is *held* with its
reasons until somebody puts it right. A study is told to the record as an ImagingStudy at once when its first instance
has come, and again when no more have come for a moment.

Start reading at ``taking`` (an instance on its way in), then ``reading`` (what a file says), ``keeping`` (the files),
``indexing`` (the tables), ``settling`` (from the tables to the record). ``listening`` is the network's side and ``web``
the web's.
"""

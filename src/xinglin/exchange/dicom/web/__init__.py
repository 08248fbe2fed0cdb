"""DICOMweb (PS3.18): STOW-RS in, QIDO-RS and WADO-RS out, below ``/dicomweb``.

``face`` finds out who asks and for what; ``stow``, ``qido`` and ``wado`` answer; ``multipart`` takes apart what is
sent.
Who may see what is decided by the record: a study is there for whoever may see its ImagingStudy.
"""

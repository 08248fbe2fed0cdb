"""HL7 version 2: the messages hospitals have sent for thirty years, read, written, answered and mapped.

A *message* (``messages``) is segments of fields, split by the *separators* it names itself and read in the *charset*
it says, or really has (``charsets``). Its *structure* (``structures``) sorts segments into groups: an order with its
results, a patient with the visit. *Paths* (``paths``) point into it: ``PID-3[?5='MR'].1``. A mapping (data, in
``data/mappings``) makes FHIR of it, and ``acknowledgements`` says to the sender what became of it, by the book.

Messages come over HTTP, or over MLLP: ``framing`` finds them in the stream and ``listener`` keeps the connections.
``door`` is what the doors know of all this.

Start reading at ``messages``, then ``structures`` and ``door``. Only ``listener``, ``apps`` and the command know of
more than values.
"""

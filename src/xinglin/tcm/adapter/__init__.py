"""For TCM clinics that have a system of their own: its doctor stays in it, and its messages are understood.

A *system* is a sender of the exchange that may also open pages. It opens one by a *launch*: a signed address, good
for a short time and once, that names page, doctor and patient. The page is drawn in a frame of the system's own
window (``framing``), for that doctor and nothing but that page. What the doctor decides there is an *outcome*; it is
handed back to the window and may be fetched by the system's server.

Messages of the provincial platform's interface (``data/messages-1.toml``) come in at the door ``tcm`` of the exchange,
in XML, in SOAP or in JSON, and go the way of all messages; what they say is mapped by ``data/mappings``.

Start reading at ``rules``, then ``actions.launch``; for messages at ``messages``, then ``handler``.
"""

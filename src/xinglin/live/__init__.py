"""Live pages: a page that is open hears at once that something has changed for its reader, and asks for it.

A *topic* is what can be heard of (``record.telling``). What writes tells of topics; PostgreSQL carries it to the *live
process*, one beside the server, which keeps a *stream* (server-sent events) with every page that is seen. A stream says
that something of a kind has changed and never what; the page asks for that as for any page, with all that is checked
then. A *kind* is a name that a page may want to hear, such as ``notices``: packages say by which topics each reader is
reached (``topics``). The page carries them signed, as a *ticket* (``tickets``), and its session has to hold
(``admission``).

Start reading at ``hub``, which knows who listens to what, then ``application``, which speaks HTTP.
"""

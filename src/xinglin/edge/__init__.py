"""The front machine at an institution: reads its database or files, buffers on disk, sends to the platform's doors.

One process (``xinglin edge run CONFIG.toml``) without a PostgreSQL of its own. A *source* is a query over the
institution's database, a folder of files, or a *relay* that other systems send HL7 v2 to. What a source reads becomes
raw *messages*; they are committed to the *buffer* together with the source's *mark*, so that a process that is killed
goes on exactly there. Messages of one *lane* (a patient) go in their order; a *line* sends several lanes at once and
waits when the platform does not answer. What the platform kept leaves a *receipt*; what it could not use stays in the
list of the *refused*, with the reasons.

Start reading at ``configuration``, then ``buffer``, then ``sending`` and ``running``.
"""

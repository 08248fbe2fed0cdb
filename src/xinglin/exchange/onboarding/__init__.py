"""Onboarding: a system of an institution shows by samples that it sends well, and is let in.

A *sample* is a message as the system would send it. Samples go through the readers, mappings and checks of their door,
and nothing of them is written to the record. The *report* judges the whole set by *points* in five *aspects*:
structure, codes, required elements, linkage, timeliness; each point speaks to a level of the national assessment of
interoperability. An *onboarding* gathers samples; each time it is tried, the *trial* keeps the report. Once there are
enough samples of each kind that its *set of kinds* asks for, and the points hold, it is green, and somebody with the
right lets the sender in.

Points, kinds and thresholds are data (``data/points-1.toml``). Start reading at ``rules``, then ``checking``.
"""

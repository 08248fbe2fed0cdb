"""A clinic's small ward: beds, stays, doctors' orders, the documents and measurements of a stay, its bill.

A *stay* is somebody's time as an in-patient; where they *lie* is a bed of the institution, one person a bed and one
open stay a person, which the database keeps. An *order* stands until it is stopped, or is for once; it is signed by a
doctor, checked by a nurse and carried out by a nurse, each with name and time; what is carried out becomes a *line* of
the bill. Beds and nursing become a line for each day. *Documents* are due by hours (``rules.owed``), *signs* are what
is measured at the bed. A stay is *settled* out of the patient's account.

Herbs are prescribed as for everybody who is not in the ward: on a visit that belongs to the stay.

Start reading at ``rules``, then ``actions``.
"""

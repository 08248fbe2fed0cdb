"""Mutual recognition of results (检查检验结果互认): what need not be done again, found when it is ordered.

The *catalogue* says which *items* are recognised, for how long, from which tier of institution and with which
quality mark, and what each costs. *Marks* and tiers of institutions are the region's data (``standings``).
``finding.find`` sets a person's earlier *results* against an order, pure: each result is *valid* or has its reasons
why not. A doctor *recognises* a result or *declines* it with one of the legal reasons; a decision is only added to.
The institution whose result was declined may open a *dispute*, which a steward of the region settles
(``rules.NEXT``). ``counting`` makes the figures, each with the decisions behind it.

Start reading at ``values``, then ``finding``, ``queries.candidates`` and ``actions``.
"""

"""Builds the knowledge of Chinese medicine that comes with the platform, from tables of facts.

``python -m tools.content.chinese_medicine [FACTS]`` writes ``xinglin/tcm/knowledge/data``. Facts alone are taken:
names, codes, numbers, pairs, compositions, and phrases of a few characters; no sentence. What a name stands for is
taken where the tables agree on one thing; otherwise every candidate is kept, and none chosen. A term keeps its id from
one build to the next.
"""

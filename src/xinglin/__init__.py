"""Xinglin (杏林): the health records of a region, joined, and the services that run on them."""

__version__ = "0.1.0"

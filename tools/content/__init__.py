"""Write the code systems of ``terminology/content`` that follow from tables of facts.

``python -m tools.content FACTS`` reads the sample tables (``../shared/data`` by default) and the small tables beside
this file, and writes ``src/xinglin/terminology/content``. It gives the same bytes for the same facts. What is written
by hand (laboratory tests, drugs, notifiable diseases, units …) is not touched.

* ``files``: how a code system is written;
* ``state_tables``: WS 364 and the GB tables in it;
* ``diseases``, ``procedures``, ``traditional``: ICD-10, ICD-9-CM-3, GB/T 15657;
* ``elements``: data elements, and the data sets that they stand in;
* ``organisations``: what institutions are.
"""

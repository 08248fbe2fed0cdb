"""The desk for terms and codes: browsing code systems, and mapping an institution's codes to the standard."""

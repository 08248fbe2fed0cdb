"""A clinic's day: registration and queue, record of the visit, charges, pharmacy, treatment room."""

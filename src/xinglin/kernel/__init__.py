"""What every ring stands on and what knows nothing of health: errors, the clock, actors, settings.

``errors`` has the seven kinds of fault, ``actor`` who is asking and why, ``clock`` the only call to the
system's time, ``settings`` the environment read once into a typed value.
"""

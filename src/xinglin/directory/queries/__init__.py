"""What can be asked of the directory: ``finding`` by name or code, ``things`` and what belongs to them, ``divisions``."""

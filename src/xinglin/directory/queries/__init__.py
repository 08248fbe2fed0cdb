"""What can be asked: ``finding`` by name or code, ``things`` and what belongs to them, ``divisions`` on a day."""

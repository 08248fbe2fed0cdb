"""Files that were sent and tried, and wait for the word to load them."""

from __future__ import annotations

import uuid

from django.db import models


class Upload(models.Model):
    """A file with what was said about it; gone once it is loaded, or after a day."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    owner = models.CharField(max_length=200)
    name = models.CharField(max_length=200)
    data = models.BinaryField()
    about = models.JSONField()
    made = models.DateTimeField()

    def __str__(self) -> str:
        return self.name

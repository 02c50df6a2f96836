from django.db import models

from kejiting.accounts.database import is_known


class FirstLoad(models.Model):
    """A step of the first start that is complete. In the database, so that every process and machine sees the same."""

    class Step(models.TextChoices):
        FACTS = "facts"
        DEMO = "demo"

    step = models.CharField(max_length=10, choices=Step, unique=True)
    completed_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [is_known("step", ["facts", "demo"])]

    def __str__(self) -> str:
        return self.step

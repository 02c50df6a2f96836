from django.db import models
from django.utils.translation import gettext_lazy as _


class Classification(models.TextChoices):
    """Who may see a figure or a file at all, before any other rule. The system holds nothing secret."""

    PUBLIC = "public", _("公开")
    INTERNAL = "internal", _("内部")

from django.apps import AppConfig


class SiteConfig(AppConfig):
    """The site as a whole: the commands that run it, and what it knows of its own first start."""

    name = "kejiting"
    label = "kejiting"

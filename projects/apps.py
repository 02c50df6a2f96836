from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ProjectsConfig(AppConfig):
    name = "projects"
    label = "projects"
    verbose_name = _("项目与成果")

    def ready(self) -> None:
        from indicators.sources import register_loader

        from . import facts, sources

        sources.register()
        register_loader(facts.load)

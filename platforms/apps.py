from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PlatformsConfig(AppConfig):
    name = "platforms"
    label = "platforms"
    verbose_name = _("平台与联合体")

    def ready(self) -> None:
        from indicators.sources import register_loader

        from . import facts, sources

        sources.register()
        register_loader(facts.load)

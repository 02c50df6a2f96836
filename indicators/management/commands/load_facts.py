from typing import Any

from django.core.management.base import BaseCommand

from indicators.facts import load_facts


class Command(BaseCommand):
    help = "载入 fixtures/ 中的事实（可重复执行） · load the facts of fixtures/ (repeatable)"

    def handle(self, **options: Any) -> None:
        counts = load_facts()
        self.stdout.write("事实已载入：" + "，".join(f"{name} {n}" for name, n in counts.items()))

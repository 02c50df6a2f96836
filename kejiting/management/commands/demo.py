from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from kejiting.demo.make import DemoRefused, make_demo
from kejiting.demo.remove import remove_demo


class Command(BaseCommand):
    help = "生成演示数据（可重复执行），或用 --remove 全部删除 · make the demonstration data, or remove all of it"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--remove", action="store_true", help="delete everything that is demonstration")
        parser.add_argument("--no-recompute", action="store_true", help="leave the results to the worker")

    def handle(self, *, remove: bool, no_recompute: bool, **options: Any) -> None:
        try:
            if remove:
                self.stdout.write(f"已删除演示数据 {remove_demo(recompute=not no_recompute)} 行。")
            else:
                make_demo(recompute=not no_recompute, say=self.stdout.write)
        except DemoRefused as refusal:
            raise CommandError(str(refusal)) from refusal

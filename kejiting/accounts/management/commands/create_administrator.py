"""``manage.py create_administrator NAME --role sysadmin|secadmin|auditor --unit CODE``: the first of each kind."""

import sys
from getpass import getpass
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from kejiting.accounts.actions import create_administrator
from kejiting.accounts.models import ADMINISTRATORS


class Command(BaseCommand):
    help = "设立首位系统管理员、安全管理员或审计管理员（三个不同的人） · the first administrator of each of the three kinds"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username", metavar="NAME", help="账号名")
        parser.add_argument("--role", required=True, choices=[role.value for role in ADMINISTRATORS])
        parser.add_argument("--unit", required=True, help="单位代码，如 kjt")
        parser.add_argument("--name", required=True, help="姓名，写在每一步操作之后")

    def handle(self, *args: Any, username: str, role: str, unit: str, name: str, **options: Any) -> None:
        try:
            user = create_administrator(username, role=role, unit_code=unit, name=name, password=read_password())
        except ValidationError as error:
            raise CommandError("\n".join(error.messages)) from error
        self.stdout.write(f"已设立账号 {user.username}（{user.stamp}）。")


def read_password() -> str:
    """Typed twice at a terminal; else the first line of standard input, so that it is in no list of processes."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\n")
    password = getpass("口令 · password: ")
    if password != getpass("再输一次 · again: "):
        raise CommandError("两次输入的口令不同。")
    return password

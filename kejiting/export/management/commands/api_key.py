"""``manage.py api_key create|list|revoke``: keys for other agencies' programs."""

from argparse import ArgumentTypeError, BooleanOptionalAction
from datetime import datetime, time
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from django.utils.dateparse import parse_date

from indicators.errors import RecordError
from kejiting.export.keys import create_key, revoke_key
from kejiting.export.models import ApiKey


def end_of_day(text: str) -> datetime:
    try:
        day = parse_date(text)
    except ValueError:
        day = None
    if day is None:
        raise ArgumentTypeError(f"“{text}”不是日期：请写成 2026-12-31。")
    return timezone.make_aware(datetime.combine(day, time.max))


class Command(BaseCommand):
    help = "接口密钥：新建、列出、吊销 · API keys: create, list, revoke"

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        create = verbs.add_parser("create", help="新建密钥，只显示这一次")
        create.add_argument("name", help="名称，如“统计局数据交换”")
        create.add_argument("--scope", required=True, choices=ApiKey.Scope.values, help="read 读取，report 填报")
        create.add_argument("--unit", default="", help="单位代码；填报密钥必须指明")
        create.add_argument("--expires", type=end_of_day, help="到期日（含当日），如 2026-12-31")
        create.add_argument("--demo", action=BooleanOptionalAction, default=settings.DEMO, help="演示密钥，随演示数据一并移除（演示模式下为默认）")
        verbs.add_parser("list", help="列出密钥")
        verbs.add_parser("revoke", help="吊销密钥").add_argument("name")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            getattr(self, options["verb"])(**options)
        except RecordError as error:
            raise CommandError(error.message) from error

    def create(self, *, name: str, scope: str, unit: str, expires: datetime | None, demo: bool, **_options: Any) -> None:
        key, secret = create_key(name, scope=scope, unit_code=unit, expires_at=expires, is_demo=demo)
        # The secret alone on standard output, so that a script can take it.
        self.stderr.write(f"密钥“{key.name}”（{key.get_scope_display()}，{key.account.unit.code}{'，演示' if key.account.is_demo else ''}）只显示这一次：")
        self.stdout.write(secret)

    def list(self, **_options: Any) -> None:
        for key in ApiKey.objects.select_related("account__unit"):
            state = "已吊销" if key.revoked_at else f"到期 {_date(key.expires_at)}" if key.expires_at else "长期"
            self.stdout.write("\t".join([key.name, key.scope, key.account.unit.code, f"建于 {_date(key.created_at)}", state, f"最近使用 {_date(key.last_used_at)}"]))

    def revoke(self, *, name: str, **_options: Any) -> None:
        self.stderr.write(f"已吊销“{revoke_key(name).name}”。")


def _date(moment: datetime | None) -> str:
    return timezone.localtime(moment).strftime("%Y-%m-%d %H:%M") if moment else "—"

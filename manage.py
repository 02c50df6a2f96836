#!/usr/bin/env python
"""Django's commands for this site; `manage.py help` lists ours too."""

import os
import sys

from django.core.management import execute_from_command_line


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kejiting.settings")
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()

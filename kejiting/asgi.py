"""Where ASGI servers find the application."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kejiting.settings")

application = get_asgi_application()

"""Where WSGI servers find the application."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kejiting.settings")

application = get_wsgi_application()

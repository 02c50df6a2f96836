"""How often one key may ask. Sessions are never throttled: a grid saves a cell at every move."""

from rest_framework.request import Request
from rest_framework.throttling import UserRateThrottle
from rest_framework.views import APIView

from .models import ApiKey


class KeyThrottle(UserRateThrottle):
    """Counted per process (the cache is), so the true limit is this times the number of web processes."""

    scope = "key"
    rate = "3000/min"

    def get_cache_key(self, request: Request, view: APIView) -> str | None:
        return f"throttle-key-{request.auth.pk}" if isinstance(request.auth, ApiKey) else None

"""The request a view behind ``login_required`` gets."""

from django.http import HttpRequest

from .models import User


class SignedInRequest(HttpRequest):
    """A request of somebody who is signed in. For annotations only: none is ever made."""

    user: User

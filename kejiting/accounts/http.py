"""The request a view behind ``login_required`` gets, and the page of a list it asks for."""

from typing import TypeVar

from django.core.paginator import Page, Paginator
from django.db.models import Model, QuerySet
from django.http import HttpRequest

from .models import User

PAGE_LENGTH = 50

Row = TypeVar("Row", bound=Model)


class SignedInRequest(HttpRequest):
    """A request of somebody who is signed in. For annotations only: none is ever made."""

    user: User


def paginate(request: HttpRequest, rows: QuerySet[Row], length: int = PAGE_LENGTH) -> Page[Row]:
    """The page of a list that ``?page=`` asks for; the nearest there is, for a number that is none."""
    return Paginator(rows, length).get_page(request.GET.get("page"))

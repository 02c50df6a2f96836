"""The request a view behind ``login_required`` gets, how much of one it takes, and the page of a list it asks for."""

from collections.abc import Callable
from typing import Any, TypeVar

from django.core.paginator import Page, Paginator
from django.db.models import Model, QuerySet
from django.http import HttpRequest

from .models import User

PAGE_LENGTH = 50
# What a form adds to the file that it carries.
FORM_SIZE = 64 * 1024

Row = TypeVar("Row", bound=Model)
View = TypeVar("View", bound=Callable[..., Any])


class SignedInRequest(HttpRequest):
    """A request of somebody who is signed in. For annotations only: none is ever made."""

    user: User


def paginate(request: HttpRequest, rows: QuerySet[Row], length: int = PAGE_LENGTH) -> Page[Row]:
    """The page of a list that ``?page=`` asks for; the nearest there is, for a number that is none."""
    return Paginator(rows, length).get_page(request.GET.get("page"))


def takes_file(largest: Callable[[], int]) -> Callable[[View], View]:
    """A view that takes a file of up to ``largest()`` bytes with its form; any other takes what a form may hold.

    ``BodySizeMiddleware`` refuses what is larger before a byte of it is read.
    """

    def decorate(view: View) -> View:
        view.largest_file = largest  # type: ignore[attr-defined]  # read by the middleware
        return view

    return decorate

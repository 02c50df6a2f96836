"""Documents: what targets were set in and figures were stated in."""

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from kejiting.accounts.audit import record_event
from kejiting.accounts.models import User

from ...changes import set_fields, values_of
from ...constraints import explained
from ...errors import RecordError
from ...models import Document
from .core import is_demo, require, require_known, require_may_change

DOCUMENT_FIELDS = ("kind", "number", "title", "issuer", "issued_on", "url", "note")


@transaction.atomic
def add_document(*, by: User, **values: Any) -> Document:
    """Add a document that targets, tasks or definitions can refer to."""
    require(by)
    require_known(values, DOCUMENT_FIELDS)
    document = Document(**values, is_demo=is_demo(by))
    _check(document)
    with explained():
        document.save(force_insert=True)
    record_event("document.add", document, by=by, values=values_of(document, DOCUMENT_FIELDS))
    return document


@transaction.atomic
def edit_document(document: Document, *, by: User, **values: Any) -> Document:
    """Correct what is said of a document. The targets it set are not touched by it."""
    require(by)
    require_known(values, DOCUMENT_FIELDS)
    document = Document.objects.select_for_update().get(pk=document.pk)
    require_may_change(by, document)
    changes = set_fields(document, values)
    _check(document)
    if changes:
        with explained():
            document.save(update_fields=list(changes))
        record_event("document.edit", document, by=by, changes=changes)
    return document


def _check(document: Document) -> None:
    if not document.title.strip():
        raise RecordError(_("请填写文件标题。"))

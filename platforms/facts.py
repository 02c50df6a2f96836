"""The platforms, consortia and organisations that are publicly named, from ``fixtures/registers/``."""

from django.db.backends.postgresql.psycopg_any import DateRange

from indicators.facts import get_documents, read

from .models import Consortium, ConsortiumMember, Organisation, Platform, PlatformKind, PlatformStatus


def load() -> dict[str, int]:
    documents = get_documents()
    for row in read("registers/platform_kinds"):
        PlatformKind.objects.get_or_create(code=row.pop("code"), defaults=row)
    for row in read("registers/organisations"):
        Organisation.objects.get_or_create(code=row.pop("code"), defaults={**row, "document": documents[row["document"]]})
    for row in read("registers/platforms"):
        status, document = row.pop("status"), documents[row["document"]]
        defaults = {**row, "kind_id": row["kind"], "document": document}
        del defaults["kind"]
        platform, is_new = Platform.objects.get_or_create(code=row["code"], defaults=defaults)
        if is_new:
            PlatformStatus.objects.create(platform=platform, status=status, document=document)
    for row in read("registers/consortia"):
        lead = Organisation.objects.filter(code=row["lead"]).first()
        defaults = {**row, "lead": lead, "document": documents[row["document"]]}
        consortium, is_new = Consortium.objects.get_or_create(code=row["code"], defaults=defaults)
        if is_new and lead:
            # Since when is not said, so neither is it here.
            ConsortiumMember.objects.create(consortium=consortium, organisation=lead, role="lead", valid=DateRange(None, None))
    return {"平台": Platform.objects.filter(is_demo=False).count(), "联合体": Consortium.objects.filter(is_demo=False).count()}

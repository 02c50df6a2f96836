"""The projects and outcomes that are publicly named, from ``fixtures/registers/``."""

from decimal import Decimal

from indicators.facts import get_documents, read

from .models import Outcome, Programme, Project, ProjectFunding


def load() -> dict[str, int]:
    documents = get_documents()
    for row in read("registers/programmes"):
        Programme.objects.get_or_create(code=row.pop("code"), defaults=row)
    for row in read("registers/projects"):
        central, programme = row.pop("central_funding"), row.pop("programme")
        defaults = {**row, "programme_id": programme, "document": documents[row["document"]]}
        project, is_new = Project.objects.get_or_create(code=row["code"], defaults=defaults)
        if is_new and central:
            ProjectFunding.objects.create(project=project, year=int(row["approved_year"]), source="central", approved=Decimal(central))
    for row in read("registers/outcomes"):
        defaults = {
            **row,
            "document": documents[row["document"]],
            "year": row["year"] or None,
            "quantity": row["quantity"] or None,
            "is_substitution": row["is_substitution"] == "1",
        }
        Outcome.objects.get_or_create(code=row["code"], defaults=defaults)
    return {"项目": Project.objects.filter(is_demo=False).count(), "成果": Outcome.objects.filter(is_demo=False).count()}

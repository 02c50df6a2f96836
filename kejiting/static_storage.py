"""Where collected files of the site's looks are kept."""

from whitenoise.storage import CompressedManifestStaticFilesStorage


class HashedStorage(CompressedManifestStaticFilesStorage):
    """Names hold a hash, in the imports of JavaScript modules too: a page never runs half of an older version."""

    support_js_module_import_aggregation = True

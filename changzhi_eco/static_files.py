"""Static files in production: compressed, and named by their content down to the modules that a script imports."""

from whitenoise.storage import CompressedManifestStaticFilesStorage


class StaticFiles(CompressedManifestStaticFilesStorage):
    """A module is one instance under one address, so imports must name the same hashed file as the page does."""

    support_js_module_import_aggregation = True

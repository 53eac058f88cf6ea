"""Whether what a person typed is something to fetch or a file."""

from __future__ import annotations

from localr1 import paths


def is_fetchable(text: str) -> bool:
    """Whether this names a model of the catalog or of the hub; else it is a path. Blocks.

    Raises:
        ModelNotFound: it is neither, with the nearest names in the hint.
    """
    from localr1.models.catalog import load_catalog
    from localr1.models.reference import CatalogName, HubName, parse_reference

    meant = parse_reference(text, load_catalog(paths.catalog_file()))
    return isinstance(meant, (CatalogName, HubName))

"""Describe a release in Croissant, the format of MLCommons for datasets (version 1.0)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from sdscm.number_format import slug

_CONFORMS = "http://mlcommons.org/croissant/1.0"
#: The context that version 1.0 of the format prescribes.
_CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "sc": "https://schema.org/",
    "dct": "http://purl.org/dc/terms/",
    "conformsTo": "dct:conformsTo",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "examples": {"@id": "cr:examples", "@type": "@json"},
    **{
        name: f"cr:{name}"
        for name in (
            *("citeAs", "column", "extract", "field", "fileProperty", "fileObject", "fileSet"),
            *("format", "includes", "isLiveDataset", "jsonPath", "key", "md5", "parentField"),
            *("path", "recordSet", "references", "regex", "repeated", "replace", "separator"),
            *("source", "subField", "transform"),
        )
    },
}


def croissant(content: Mapping[str, Any], files: Mapping[str, bytes]) -> bytes:
    """Write the description of a release's Parquet files: their hashes and columns.

    Parameters
    ----------
    content
        The manifest.
    files
        Contents of the Parquet files by name.
    """
    what = "datasets with known causal effects, and the results of estimators on them"
    if content.get("sealed", {}).get("part") == "public":
        what = "datasets whose causal effects are sealed"
    described: dict[str, Any] = {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": _CONFORMS,
        "name": slug(content["name"], content["version"]),
        "description": f"{content['title']}: {what}. README.md describes the files.",
        "version": content["version"],
        "distribution": [
            {
                "@type": "cr:FileObject",
                "@id": name,
                "name": name,
                "contentUrl": name,
                "contentSize": f"{content['files'][name]['bytes']} B",
                "encodingFormat": "application/x-parquet",
                "sha256": content["files"][name]["sha256"],
            }
            for name in sorted(files)
        ],
        "recordSet": [
            _records(name, pq.read_schema(pa.BufferReader(files[name]))) for name in sorted(files)
        ],
    }
    described |= {"license": content["licence"]} if content["licence"] else {}
    described |= {"citeAs": content["citation"]} if content["citation"] else {}
    return json.dumps(described, indent=1, ensure_ascii=False).encode() + b"\n"


def _records(name: str, schema: pa.Schema) -> dict[str, Any]:
    title = name.removesuffix(".parquet")
    return {
        "@type": "cr:RecordSet",
        "@id": title,
        "name": title,
        "field": [
            {
                "@type": "cr:Field",
                "@id": f"{title}/{column.name}",
                "name": column.name,
                **_kind(column.type),
                "source": {"fileObject": {"@id": name}, "extract": {"column": column.name}},
            }
            for column in schema
        ],
    }


def _kind(kind: pa.DataType) -> dict[str, Any]:
    if pa.types.is_list(kind):
        return {**_kind(kind.value_type), "repeated": True}
    if pa.types.is_floating(kind):
        return {"dataType": "sc:Float"}
    return {"dataType": "sc:Integer" if pa.types.is_integer(kind) else "sc:Text"}

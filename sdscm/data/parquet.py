"""Write datasets to Parquet files, and read them; see `CausalDataset.to_parquet`."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import TypeAdapter

from sdscm.data.provenance import Provenance
from sdscm.data.settings import SETTING_INFOS
from sdscm.data.true_graph import as_content, as_seen, true_graph
from sdscm.errors import InputError
from sdscm.files import write_atomically
from sdscm.inference.confounding import HiddenConfounding
from sdscm.literals import Setting

if TYPE_CHECKING:
    from sdscm.data.dataset import CausalDataset

Dataset = TypeVar("Dataset", bound="CausalDataset")
_Made = TypeVar("_Made")

_FORMAT = 1
_METADATA_KEY = b"sdscm"


def write(dataset: CausalDataset, path: Path) -> Path:
    """Write a dataset; see `CausalDataset.to_parquet`."""
    if dataset.covariates != "all":
        raise InputError("write the dataset itself, not one of its settings")
    columns: dict[str, Any] = {f"X:{c}": dataset.X[c].to_numpy() for c in dataset.X}
    columns |= {"t": dataset.t.astype(np.int8), "y0": dataset.y0, "y1": dataset.y1}
    if dataset.propensity is not None:
        columns["propensity"] = dataset.propensity
    columns |= {f"cate:{setting}": values for setting, values in dataset.cates.items()}
    columns |= {f"cate_error:{setting}": e for setting, e in dataset.cate_errors.items()}
    if dataset.labels is not None:
        columns |= {f"label:{c}": dataset.labels[c].astype(str).to_numpy() for c in dataset.labels}
    if dataset.text is not None:
        columns["text"] = dataset.text.to_numpy()
    if dataset.potential_treatments is not None:
        columns |= {f"t_z{z}": dataset.potential_treatments[:, z] for z in (0, 1)}
    if dataset.complier_cate is not None:
        columns["complier_cate"] = dataset.complier_cate
    if dataset.covariate_text is not None:
        columns["covariate_text"] = dataset.covariate_text.to_numpy()
    meta = {
        "format": _FORMAT,
        "exogenous": dataset.exogenous,
        "post_treatment": dataset.post_treatment,
        "provenance": asdict(dataset.meta),
    }
    if dataset.known_ate is not None:
        meta["known_ate"] = dataset.known_ate
    if dataset.instrument:
        meta["instrument"] = dataset.instrument
    if dataset.proxies:
        meta["proxies"] = dataset.proxies
    if dataset.hidden_confounding:
        meta["hidden_confounding"] = {s: asdict(v) for s, v in dataset.hidden_confounding.items()}
    if dataset.graph is not None:
        meta["graph"] = as_content(dataset.graph)
    return write_table(columns, meta, path)


def write_table(columns: Mapping[str, Any], meta: Mapping[str, Any], path: Path) -> Path:
    """Write columns and metadata to a file, atomically."""
    table = pa.table(dict(columns)).replace_schema_metadata({_METADATA_KEY: json.dumps(meta)})
    write_atomically(path, lambda file: pq.write_table(table, file, compression="zstd"))
    return path


def read(kind: type[Dataset], path: Path) -> Dataset:
    """Read a dataset; see `CausalDataset.read_parquet`."""
    return read_table(path, lambda table, meta: _from_table(kind, table, meta))


def read_table(path: Path, make: Callable[[pa.Table, dict[str, Any]], _Made]) -> _Made:
    """Read a file of `write_table`, and make a dataset from its table and metadata.

    Raises
    ------
    InputError
        If the file is missing, damaged, or was not written by `write_table`.
    """
    try:
        table = pq.read_table(path, partitioning=None)
    except FileNotFoundError:
        raise InputError(f"{path}: no such file") from None
    except (pa.ArrowException, OSError) as error:
        reason = str(error).splitlines()[0]
        raise InputError(
            f"{path}: not a readable Parquet file ({reason}); generate it again"
        ) from None
    raw = (table.schema.metadata or {}).get(_METADATA_KEY)
    if raw is None:
        raise InputError(
            f"{path}: not written by sdscm; read it with pandas, then CausalDataset.from_frame"
        )
    try:
        return make(table, json.loads(raw))
    except InputError as error:
        raise InputError(f"{path}: {error}") from None
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        lost = f"it lacks {error}" if isinstance(error, KeyError) else "or of another version"
        raise InputError(
            f"{path}: this file of sdscm is damaged ({lost}); generate it again"
        ) from None


def _from_table(kind: type[Dataset], table: pa.Table, meta: dict[str, Any]) -> Dataset:
    if meta["format"] != _FORMAT:
        raise InputError(f"format {meta['format']} is not known here; update sdscm")
    if "arms" in meta:
        raise InputError("it has several arms; read it with MultiArmDataset.read_parquet")
    frame = table.to_pandas()

    def part(prefix: str) -> pd.DataFrame:
        found = [c for c in frame.columns if c.startswith(prefix)]
        return frame[found].rename(columns=lambda c: c.removeprefix(prefix))

    def each_setting(name: str) -> dict[Setting, np.ndarray]:
        found = ((s, f"{name}:{s}") for s in SETTING_INFOS)
        return {s: frame[column].to_numpy() for s, column in found if column in frame}

    X, labels = part("X:"), part("label:")
    # The conversion raises an error if they are no numbers.
    if not np.isfinite(X.to_numpy(dtype=float)).all():
        raise InputError("a covariate has an empty or infinite value; generate it again")
    origin = TypeAdapter(Provenance).validate_python(meta["provenance"])
    for name in ("temperature", "noise", "overlap", "confounding", "effect"):
        float(origin.options.get(name, 0))
    lacking = {meta.get("instrument", ""), *meta.get("proxies", ())} - {"", *X}
    if lacking:
        raise InputError(f"there is no covariate '{min(lacking)}'; generate it again")
    treatments = frame[["t_z0", "t_z1"]].to_numpy() if "t_z0" in frame else None
    if treatments is not None and not np.isin(treatments, (0, 1)).all():
        raise InputError("a treatment under a value of the instrument is not 0 or 1")
    return kind(
        X=X,
        t=frame["t"].to_numpy(),
        y0=frame["y0"].to_numpy(),
        y1=frame["y1"].to_numpy(),
        propensity=frame["propensity"].to_numpy() if "propensity" in frame else None,
        labels=labels if len(labels.columns) else None,
        text=frame.get("text"),
        exogenous=tuple(meta["exogenous"]),
        post_treatment=tuple(meta.get("post_treatment", ())),  # older files lack it
        cates=each_setting("cate"),
        cate_errors=each_setting("cate_error"),
        known_ate=meta.get("known_ate"),
        instrument=meta.get("instrument", ""),
        proxies=tuple(meta.get("proxies", ())),
        potential_treatments=treatments,
        hidden_confounding=TypeAdapter(dict[Setting, HiddenConfounding]).validate_python(
            meta.get("hidden_confounding", {})
        ),
        graph=as_seen(true_graph(**meta["graph"]), X.columns) if "graph" in meta else None,
        complier_cate=frame["complier_cate"].to_numpy() if "complier_cate" in frame else None,
        covariate_text=frame.get("covariate_text"),
        meta=origin,
    )


def is_dataset(path: Path) -> bool:
    """Return whether a file is one that ``CausalDataset.to_parquet`` wrote."""
    try:
        return _METADATA_KEY in (pq.read_schema(path).metadata or {})
    except (pa.ArrowException, OSError):
        return False

"""The script for a GPU machine runs here with tiny shapes, so that no time is lost there."""

from __future__ import annotations

import json
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import pytest
import torch

SCRIPT = Path(__file__).with_name("cuda.py")


@pytest.fixture(scope="module")
def script() -> Any:
    spec = spec_from_file_location("cuda_script", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    sys.modules["cuda_script"] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


@pytest.mark.skipif(torch.cuda.is_available(), reason="it would take minutes on the GPU")
def test_it_runs_without_a_gpu(
    script: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(script, "embedded_folder", lambda: None)  # as on a bare machine
    script.main(["--out", str(tmp_path / "found.json")])
    found = json.loads((tmp_path / "found.json").read_text())
    assert found["facts"]["device"].startswith("CPU, tiny shapes")
    scores = {row["precision"]: row for row in found["tables"]["Scores against float64"]}
    assert scores["float32"]["scorer"] == "packed"
    assert scores["float32"]["largest error"] < 1e-4 < scores["bfloat16"]["largest error"]
    (speed,) = found["tables"]["Speed"]
    assert speed["tokens"] > 0
    assert speed["goal"] == "0.5 of bare"
    assert {row["passes"] for row in found["tables"]["Sizes of a pass"]} == {1, 2}


def test_the_report_is_markdown(script: Any, tmp_path: Path) -> None:
    report = script.Report(tmp_path / "found.md", {"device": "none"})
    report.add("A", {"x": 0.123456, "y": 12345.0, "z": None})
    report.add("A", {"x": 1.0, "y": 2.0, "z": "b"})
    assert (tmp_path / "found.md").read_text() == (
        "device: none\n\n### A\n\n| x | y | z |\n| --- | --- | --- |\n"
        "| 0.123 | 12,345 |  |\n| 1 | 2 | b |\n"
    )


def test_peaks_are_found_by_the_name_of_the_device(
    script: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = {
        "NVIDIA H200": 989e12,
        "NVIDIA L40S": 362e12,
        "NVIDIA L4": 121e12,
        "NVIDIA A100-SXM4-80GB": 312e12,
        "NVIDIA A10": 125e12,
        "NVIDIA A10G": None,
        "NVIDIA L40": None,
        "NVIDIA GeForce GTX 1": None,
    }
    for name, expected in names.items():
        monkeypatch.setattr(torch.cuda, "get_device_name", lambda device, name=name: name)
        assert script.peak(torch.device("cuda"), "bfloat16") == expected
    assert script.peak(torch.device("cpu"), "bfloat16") is None

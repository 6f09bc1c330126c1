"""A GGUF file by its path: the scores of the embedded model, or one line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from gguf import GGUFWriter

from sdscm.errors import InputError
from sdscm.lm import Choice, load_lm
from sdscm.lm.backends import gguf
from sdscm.lm.backends.embedded import EMBEDDED

CHOICE = Choice(("Kim is calm.",), "Then Kim has a cup of ", ("tea", "coffee"), ".")


def test_the_embedded_file_by_its_path_has_the_same_scores(converted_model, monkeypatch) -> None:
    embedded = EMBEDDED["smollm2-135m"]
    monkeypatch.setattr(gguf, "converted", lambda file, name: embedded.folder())
    by_path = load_lm(f"gguf:{embedded.file()}", store=False)
    by_name = load_lm("smollm2-135m", store=False)
    assert by_path.revision == by_name.revision
    np.testing.assert_array_equal(
        by_path.score([CHOICE])[0].sentence, by_name.score([CHOICE])[0].sentence
    )


def test_another_tokenizer_is_refused(tmp_path: Path, one_line) -> None:
    writer = GGUFWriter(tmp_path / "m.gguf", "llama")
    writer.add_string("tokenizer.ggml.pre", "qwen2")
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.close()
    with pytest.raises(InputError, match="pre-tokenizer is 'qwen2'") as caught:
        load_lm(f"gguf:{tmp_path / 'm.gguf'}")
    assert "llamacpp+http" in one_line(caught.value)


def test_a_file_that_is_none_is_refused(tmp_path: Path, one_line) -> None:
    (tmp_path / "m.gguf").write_text("not weights")
    for name in ("m.gguf", "missing.gguf"):
        with pytest.raises(InputError, match=r"not a GGUF file|no such file") as caught:
            load_lm(f"gguf:{tmp_path / name}")
        assert name in one_line(caught.value)

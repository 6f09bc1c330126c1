"""``sdscm lm``: list and prepare language models."""

from __future__ import annotations

from typing import Annotated

import typer

from benchmarks.cli.options import LM_HELP, LMOptions, examples, lm_options
from benchmarks.cli.output import say, table
from benchmarks.cli.progress import working


@examples("sdscm lm", "sdscm lm prepare smollm2-135m")
def lm(context: typer.Context) -> None:
    """List the embedded language models, and show how to use others."""
    if context.invoked_subcommand is not None:
        return
    from sdscm.lm.backends.embedded import EMBEDDED

    rows = [
        [m.name, m.title, m.licence, "ready" if m.present else m.command] for m in EMBEDDED.values()
    ]
    table(["Name", "Model", "Licence", "Ready, or made by"], rows)
    say(
        "",
        "Any other causal language model works, too:",
        "  --lm gpt2       a Hugging Face id",
        "  --lm ./folder   a folder that save_pretrained wrote",
        "  --lm vllm:gpt2  the same in vLLM, for large models on GPUs",
        "  --lm openai+http://localhost:8000/v1#model   a server such as vLLM",
        "  --lm llamacpp+http://localhost:8080          a llama.cpp server",
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


@examples("sdscm lm check smollm2-135m", "sdscm lm check llamacpp+http://localhost:8080")
def check(
    name: Annotated[str, typer.Argument(metavar="NAME", help=f"{LM_HELP}.")],
    lm_option: LMOptions = None,
    tolerance: Annotated[
        float, typer.Option(min=0, help="Largest difference of scores that must be equal, in nats.")
    ] = 0.02,
) -> None:
    """Check that a language model scores as a distribution over texts does; exit 1 if not."""
    from sdscm import load_lm
    from sdscm.lm.conformance import check_lm

    model = load_lm(name, store=False, options=lm_options(lm_option))
    with working(f"checking {name}"):
        results = check_lm(model, tolerance)
    rows = [
        [each.name, each.problem or "passed", "" if each.problem else f"{each.difference:.1e}"]
        for each in results
    ]
    table(["Check", "Result", "Largest difference (nats)"], rows)
    if any(each.problem for each in results):
        raise typer.Exit(1)
    say(f"{model.id} passes all checks.")

"""``sdscm select``: boards of selectors of a run."""

from __future__ import annotations

from pathlib import Path

SUITE = """\
name: toy
datasets:
  - {simulation: linear, n: 80, covariates: 3, replicates: 2}
estimators: [LinReg, LinearT, Zero]
settings: [all]
board: {resamples: 50}
"""

PLUGIN = """\
import benchmarks


@benchmarks.selection.selector("smallest", "Smallest", better="lower", source="")
def smallest(shown):
    \"\"\"Mean size of the effects.\"\"\"
    return shown.of_each(lambda effect: abs(effect).mean())
"""


def test_a_run_with_a_selector_of_a_plugin(cli, workspace) -> None:
    import benchmarks

    Path("toy.yaml").write_text(SUITE)
    Path("pick.py").write_text(PLUGIN)
    assert cli("benchmark", "toy.yaml", "--workers", 0).code == 0
    options = ("--plugin", "pick.py", "--selectors", "smallest,random,econml_blp")
    with benchmarks.selection.temporarily():
        ran = cli("select", "toy", *options)
    assert (ran.code, ran.err) == (0, "")
    lines = ran.out.splitlines()
    assert any(line.startswith("Smallest ") for line in lines)
    assert any(line.startswith("Oracle ") for line in lines)
    assert "  results/toy/selectors/selectors.md" in lines
    page = Path("results/toy/selectors/selectors.md").read_text()
    assert "| Smallest | Mean size of the effects. |" in page


def test_no_run(cli, untouched) -> None:
    ran = cli("select", "nothing")
    assert ran.code == 2
    assert len(ran.err.splitlines()) == 1
    assert "run the suite first" in ran.err


def test_an_unknown_selector(cli, untouched) -> None:
    ran = cli("select", "core-v1", "--selectors", "best")
    assert ran.code == 2
    assert "unknown selector 'best': choose among" in ran.err

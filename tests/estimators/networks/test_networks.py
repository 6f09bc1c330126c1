"""TARNet and TNet, one at a time and many at once."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import estimators
from estimators import EstimatorError

pytest.importorskip("torch")

import torch

from estimators.networks import networks
from estimators.networks.ensemble_network import (
    Architecture,
    Parameters,
    draw_parameters,
    gradient_of_squared_error,
    head_rows,
    predict,
    squared_error,
    stack,
)
from estimators.networks.network_training import TrainingData, TrainingSettings, train
from estimators.networks.networks import fit_many

NAMES = ("TARNet", "TNet")
SMALL = {
    "representation_layers": (16, 12),
    "head_layers": (8,),
    "learning_rate": 3e-3,
    "batch_size": 40,
    "min_updates": 60,
    "patience": 4,
}


def draw(n, seed, p=4):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, p))
    t = (rng.random(n) < 1 / (1 + np.exp(-X[:, 0]))).astype(int)
    effect = 1 + 0.5 * X[:, 1]
    y = X[:, 0] + t * effect + rng.normal(scale=0.3, size=n) - 3
    return X, t, y, effect


@pytest.fixture(scope="module")
def datasets():
    """Of different sizes, so that epochs, arms and minibatches end at different steps."""
    return [draw(n, seed)[:3] for seed, n in enumerate((200, 131, 333, 24, 200, 57, 90))]


@pytest.fixture(scope="module", params=NAMES)
def one_by_one(request, datasets):
    """(name, one fitted estimator for each dataset)"""
    fitted = [estimators.get(request.param, **SMALL).fit(*dataset) for dataset in datasets]
    return request.param, fitted


@pytest.mark.parametrize("at_once", [3, 7])
def test_many_at_once_give_what_one_by_one_gives(at_once, one_by_one, datasets):
    name, apart = one_by_one
    estimator = estimators.get(name, **SMALL)
    together = fit_many(estimator, datasets, at_once=at_once)
    for fitted, alone, (X, _, _) in zip(together, apart, datasets, strict=True):
        assert fitted.epochs_ == alone.epochs_
        np.testing.assert_allclose(fitted.effect(X), alone.effect(X), atol=1e-4)
    # They did stop at different epochs.
    assert len({fitted.epochs_ for fitted in together}) > 3
    assert not hasattr(estimator, "networks_")


def test_seeds_can_differ_between_datasets(datasets):
    X, t, y = datasets[0]
    estimator = estimators.get("TARNet", **SMALL)
    fitted = fit_many(estimator, [datasets[0]] * 2, random_states=[5, 6])
    for one, seed in zip(fitted, (5, 6), strict=True):
        alone = estimators.get("TARNet", **SMALL, random_state=seed).fit(X, t, y)
        np.testing.assert_allclose(one.effect(X), alone.effect(X), atol=1e-4)
    assert not np.allclose(fitted[0].effect(X), fitted[1].effect(X), atol=1e-3)


def test_datasets_with_different_numbers_of_columns():
    wide, narrow = draw(80, 1, p=6)[:3], draw(80, 2, p=2)[:3]
    fitted = fit_many(estimators.get("TNet", **SMALL), [wide, narrow, wide])
    assert [one.n_features_in_ for one in fitted] == [6, 2, 6]
    # The two are trained in one batch; the kernels of some processors round by position in it.
    np.testing.assert_allclose(fitted[0].effect(wide[0]), fitted[2].effect(wide[0]), atol=1e-4)


def test_columns_are_remembered(datasets):
    X, t, y = datasets[0]
    frame = pd.DataFrame(X, columns=list("abcd"))
    (fitted,) = fit_many(estimators.get("TARNet", **SMALL), [(frame, t, y)])
    with pytest.raises(EstimatorError, match="columns"):
        fitted.effect(frame[list("bacd")])


@pytest.mark.parametrize("name", NAMES)
def test_the_seed_decides_and_the_global_generator_is_left_alone(name, datasets):
    X, t, y = datasets[0]
    torch.manual_seed(11)
    before = torch.get_rng_state()
    one = estimators.get(name, **SMALL, random_state=1).fit(X, t, y).effect(X)
    assert torch.equal(torch.get_rng_state(), before)
    torch.manual_seed(12)
    again = estimators.get(name, **SMALL, random_state=1).fit(X, t, y).effect(X)
    other = estimators.get(name, **SMALL, random_state=2).fit(X, t, y).effect(X)
    np.testing.assert_allclose(one, again, atol=1e-4)
    assert not np.allclose(one, other, atol=1e-2)


@pytest.mark.parametrize("name", NAMES)
def test_default_networks_recover_effects(name):
    X, t, y, effect = draw(1000, 0)
    fitted = estimators.get(name).fit(X, t, y)
    assert np.sqrt(np.mean((fitted.effect(X) - effect) ** 2)) < 0.25  # their SD is 0.5
    assert fitted.ate(X) == pytest.approx(effect.mean(), abs=0.1)


@pytest.mark.parametrize("name", NAMES)
def test_networks_of_the_paper_recover_effects(name):
    X, t, y, effect = draw(1000, 0)
    fitted = estimators.get(name, standardise=False).fit(X, t, y)
    assert np.sqrt(np.mean((fitted.effect(X) - effect) ** 2)) < 0.4
    assert fitted.ate(X) == pytest.approx(effect.mean(), abs=0.15)


def test_defaults_are_those_of_catenets():
    defaults = estimators.get("TARNet").get_params()
    assert defaults == estimators.get("TNet").get_params()
    assert defaults == {
        "representation_layers": (200, 200, 200),
        "head_layers": (100, 100),
        "learning_rate": 1e-4,
        "l2": 1e-4,
        "batch_size": 100,
        "validation_fraction": 0.3,
        "patience": 10,
        "min_updates": 200,
        "max_epochs": 10_000,
        "device": "cpu",
        "random_state": 0,
        "standardise": True,
    }


def test_without_standard_units_the_unit_of_y_matters(datasets):
    X, t, y = datasets[0]
    for standardised in (False, True):
        effect, scaled = (
            estimators.get("TARNet", **SMALL, standardise=standardised).fit(X, t, values).effect(X)
            for values in (y, 100 * y + 1000)
        )
        assert np.allclose(scaled, 100 * effect, rtol=1e-2, atol=1e-2) == standardised


# The training below the estimators.

TARNET = Architecture(inputs=3, trunk=(6, 5), head=(4,), heads=2)
TNET = Architecture(inputs=3, trunk=(6,), head=(4, 3), heads=1)


def members(architecture, count=3):
    seeds = (torch.Generator().manual_seed(seed) for seed in range(count))
    return stack([draw_parameters(architecture, seed) for seed in seeds], torch.device("cpu"))


def plain_outcome(architecture, parameters, member, head, x):
    """One network of the ensemble, as PyTorch writes it."""
    layers = [*range(len(architecture.trunk_shapes))]
    layers += [*range(len(parameters.weights))][architecture.head_layers(head)]
    for layer in layers:
        x = x @ parameters.weights[layer][member] + parameters.biases[layer][member]
        if layer != layers[-1]:
            x = torch.nn.functional.elu(x)
    return x[..., 0]


@pytest.mark.parametrize("architecture", [TARNET, TNET])
def test_the_ensemble_is_many_plain_networks(architecture):
    parameters = members(architecture)
    x = torch.randn(3, 7, 3, generator=torch.Generator().manual_seed(0))
    found = predict(architecture, parameters, x)
    assert found.shape == (architecture.heads, 3, 7)
    for head in range(architecture.heads):
        for member in range(3):
            expected = plain_outcome(architecture, parameters, member, head, x[member])
            torch.testing.assert_close(found[head, member], expected)


@pytest.mark.parametrize("architecture", [TARNET, TNET])
@pytest.mark.parametrize("controls", [[2, 4, 1], [0, 0, 0], [5, 7, 3]])
def test_loss_and_gradient_are_those_of_plain_networks(architecture, controls):
    controls, sizes = torch.tensor(controls), torch.tensor([5, 7, 3])
    generator = torch.Generator().manual_seed(0)
    x, y = torch.randn(3, 7, 3, generator=generator), torch.randn(3, 7, generator=generator)
    parameters = members(architecture)
    leaves = Parameters(
        [w.clone().requires_grad_() for w in parameters.weights],
        [b.clone().requires_grad_() for b in parameters.biases],
    )
    losses = []
    for member in range(3):
        total = 0.0
        for row in range(int(sizes[member])):
            head = int(architecture.heads == 2 and row >= controls[member])
            said = plain_outcome(architecture, leaves, member, head, x[member, row : row + 1])
            total = total + (said - y[member, row]) ** 2
        losses.append((total / sizes[member]).squeeze())
    torch.stack(losses).sum().backward()
    heads = head_rows(architecture, controls, sizes, torch.device("cpu"))
    found = squared_error(architecture, parameters, x, y, heads)
    torch.testing.assert_close(found, torch.stack(losses).detach())
    gradient = gradient_of_squared_error(architecture, parameters, x, y, heads)
    for part in ("weights", "biases"):
        for leaf, found in zip(getattr(leaves, part), getattr(gradient, part), strict=True):
            expected = torch.zeros_like(leaf) if leaf.grad is None else leaf.grad
            torch.testing.assert_close(found, expected)


def test_initial_weights_are_truncated_normals_of_glorots_variance():
    wide = Architecture(inputs=300, trunk=(500,), head=(), heads=1)
    parameters = draw_parameters(wide, torch.Generator().manual_seed(0))
    weight, scale = parameters.weights[0], (2 / 800) ** 0.5
    assert weight.std().item() == pytest.approx(scale, rel=0.01)
    assert weight.abs().max().item() < 2.3 * scale
    assert parameters.biases[0].std().item() == pytest.approx(0.01, rel=0.15)


def plain_training(data, architecture, settings):
    """One full-batch network by PyTorch's own layers and optimiser; stops after max_epochs."""
    generator = torch.Generator().manual_seed(data.seed)
    start = draw_parameters(architecture, generator)
    rows = np.arange(len(data.y))[torch.randperm(len(data.y), generator=generator).numpy()]
    train_rows = rows[round(settings.validation_fraction * len(rows)) :]
    x, y = (torch.from_numpy(a[train_rows].astype(np.float32)) for a in (data.x, data.y))
    weights = [w.clone().requires_grad_() for w in start.weights]
    biases = [b.clone().requires_grad_() for b in start.biases]
    groups = [{"params": weights, "weight_decay": settings.l2}, {"params": biases}]
    optimiser = torch.optim.Adam(groups, lr=settings.learning_rate)
    for _ in range(settings.max_epochs):
        optimiser.zero_grad()
        said = plain_outcome(architecture, Parameters(weights, biases), 0, 0, x)
        (said - y).square().mean().backward()
        optimiser.step()
    return weights


def test_training_is_adam_with_a_penalty_on_the_weights():
    X, _, y, _ = draw(60, 3, p=3)
    data = TrainingData(X, np.zeros(60, int), y, seed=4)
    settings = TrainingSettings(1e-3, 0.05, 1000, 0.3, 10, 200, 50)
    (trained,) = train([data], TNET, settings, torch.device("cpu"))
    assert trained.epochs == 50
    for found, expected in zip(
        trained.parameters.weights, plain_training(data, TNET, settings), strict=True
    ):
        torch.testing.assert_close(found, expected.detach(), rtol=1e-3, atol=1e-5)


def test_training_stops_when_patience_is_out():
    rng = np.random.default_rng(0)
    data = TrainingData(rng.normal(size=(60, 3)), np.zeros(60, int), rng.normal(size=60), seed=0)
    # Steps of no length: the loss never falls after the first look, in epoch 5 of 2 steps each.
    settings = TrainingSettings(0.0, 0.0, 20, 0.3, 3, 8, 1000)
    (trained,) = train([data], TNET, settings, torch.device("cpu"))
    assert trained.epochs == 5 + 3 + 1


# Errors.


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"device": "abacus"}, "device: 'abacus'"),
        ({"batch_size": 0}, "batch_size: is 0"),
        ({"max_epochs": 0}, "max_epochs: is 0"),
        ({"validation_fraction": 1.0}, "validation_fraction: is 1.0"),
    ],
)
def test_bad_parameters_are_named(parameters, message, datasets):
    with pytest.raises(EstimatorError, match=message) as error:
        estimators.get("TARNet", **parameters).fit(*datasets[0])
    assert "\n" not in str(error.value)


def test_a_missing_cuda_device_is_an_error(datasets, monkeypatch):
    monkeypatch.setattr(networks.torch.cuda, "is_available", lambda: False)
    with pytest.raises(EstimatorError, match="sees no CUDA device"):
        estimators.get("TNet", device="cuda").fit(*datasets[0])


@pytest.mark.parametrize("name", ["TARNet", "TNet"])
def test_divergence_is_an_error(name, datasets):
    X, t, y = datasets[0]
    with pytest.raises(EstimatorError, match="training diverged"):
        estimators.get(name, **SMALL, standardise=False).fit(X, t, 1e25 * y)


def test_a_bad_dataset_is_named_by_its_position(datasets):
    X, t, y = datasets[0]
    with pytest.raises(EstimatorError, match="dataset 1: t: the treated arm is empty"):
        fit_many(estimators.get("TARNet", **SMALL), [(X, t, y), (X, 0 * t, y)])
    raw = estimators.get("TARNet", **SMALL, standardise=False)
    with pytest.raises(EstimatorError, match="dataset 1: TARNet: training diverged"):
        fit_many(raw, [(X, t, y), (X, t, 1e25 * y)])


def test_fit_many_wants_networks_and_as_many_seeds_as_datasets(datasets):
    with pytest.raises(EstimatorError, match="LinReg is not a TARNet or TNet"):
        fit_many(estimators.get("LinReg"), datasets)
    with pytest.raises(EstimatorError, match="2 seeds for 7 datasets"):
        fit_many(estimators.get("TARNet"), datasets, random_states=[1, 2])
    with pytest.raises(EstimatorError, match="at_once: is 0"):
        fit_many(estimators.get("TARNet"), datasets, at_once=0)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
@pytest.mark.parametrize("name", NAMES)
def test_cuda_gives_what_the_cpu_gives(name, datasets):
    one = {**SMALL, "min_updates": 10_000, "max_epochs": 30}
    cuda = fit_many(estimators.get(name, **one, device="cuda"), datasets)
    for fitted, (X, t, y) in zip(cuda, datasets, strict=True):
        cpu = estimators.get(name, **one).fit(X, t, y)
        np.testing.assert_allclose(fitted.effect(X), cpu.effect(X), atol=1e-3)

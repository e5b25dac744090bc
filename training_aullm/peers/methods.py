"""Every method that can be compared, by name: AULLM++ and its ablations, and the peers, one file each."""

from dataclasses import replace

from training_aullm.learn.recipes import tuning_recipe
from training_aullm.peers import (
    all_present,
    artnet,
    flow_cnn,
    flow_regression,
    htnet,
    led,
    led_published,
    micro_attention,
    off_apexnet,
    sssnet,
)
from training_aullm.peers.aullm import AU_LLM, OWN, STARTED
from training_aullm.peers.fitting import TransferredRun
from training_aullm.peers.method import Method

RELEASE_SHARE = 10 / 24  # epochs of `aullm release` and of the recipe of `base`

PEERS: dict[str, Method] = {
    "au-llm": AU_LLM,
    "htnet": htnet.METHOD,
    "micro-attention": micro_attention.METHOD,
    "artnet": artnet.METHOD,
    "sssnet": sssnet.METHOD,
    "off-apexnet": off_apexnet.METHOD,
    "led": led_published.METHOD,
    "led-network": led.METHOD,
    "flow-lr": flow_regression.METHOD,
    "flow-cnn": flow_cnn.METHOD,
    "all-present": all_present.METHOD,
}


def after_the_release(method: Method) -> Method:
    """The method, when it has learned from the people of the checkpoint that comes along.

    Source: Our choice, as our own model does: as many epochs less as the checkpoint has had for its many clips, then
        half of them at a tenth of the rates.
    """
    first = method.recipe.but(epochs=round(method.recipe.epochs * RELEASE_SHARE))
    run, source = TransferredRun(method.run, first), f"{method.source}, after the people of the checkpoint"
    return replace(method, run=run, recipe=tuning_recipe(method.recipe), source=source, transfers="release")


PRETRAINED: dict[str, Method] = {
    f"{name}-pretrained": after_the_release(PEERS[name]) for name in ("flow-cnn", "sssnet")
}
METHODS: dict[str, Method] = OWN | STARTED | PEERS | PRETRAINED


def chosen_methods(names: str) -> dict[str, Method]:
    """The methods of a list such as "base,htnet"; "peers" stands for all of `PEERS`.

    Args:
        names: with commas between.

    Returns:
        Name to method, in the order given.

    Raises:
        ValueError: a name that no method has, or none at all.
    """
    wanted = [name for part in names.split(",") if part.strip() for name in _named(part.strip())]
    unknown = [name for name in wanted if name not in METHODS]
    if unknown or not wanted:
        raise ValueError(f"{unknown or 'nothing'} is no method; choose among peers, {', '.join(METHODS)}")
    return {name: METHODS[name] for name in wanted}


def _named(name: str) -> tuple[str, ...]:
    return tuple(PEERS) if name == "peers" else (name,)

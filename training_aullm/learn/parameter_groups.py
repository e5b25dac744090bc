"""Which trained weight learns at which rate: LED's scalars, LoRA matrices, everything new."""

from torch import nn

from training_aullm.learn.arguments import AullmTrainingArguments

LED_CLASS = "EulerianFilter"  # by name: a model loaded from a folder has classes of its own
LORA_MARK = "lora_"


def kind_of_weights(model: nn.Module) -> dict[str, str]:
    """The kind of every trained weight.

    Args:
        model: any module.

    Returns:
        Weight name to "led", "lora" or "new"; frozen weights are left out.
    """
    led = {
        id(weight) for module in model.modules() if type(module).__name__ == LED_CLASS for weight in module.parameters()
    }
    return {
        name: "led" if id(weight) in led else "lora" if LORA_MARK in name else "new"
        for name, weight in model.named_parameters()
        if weight.requires_grad
    }


def parameter_groups(model: nn.Module, args: AullmTrainingArguments, decayed: set[str]) -> list[dict]:
    """Optimizer groups: kinds of weight, each with and without weight decay.

    Args:
        model: the model to train.
        args: learning rates and weight decay.
        decayed: names that weight decay may apply to; vectors and scalars never decay.

    Returns:
        Non-empty groups with "name", "params", "lr" and "weight_decay".
    """
    rates = {"new": args.learning_rate, "lora": args.lora_learning_rate, "led": args.led_learning_rate}
    weights, kinds = dict(model.named_parameters()), kind_of_weights(model)
    groups = []
    for kind, rate in rates.items():
        for decay in (True, False):
            members = [
                weights[name]
                for name, of in kinds.items()
                if of == kind and decay == (name in decayed and kind != "led" and weights[name].ndim > 1)
            ]
            if members:
                groups.append(
                    {
                        "name": f"{kind}{'_decayed' if decay else ''}",
                        "params": members,
                        "lr": rate,
                        "weight_decay": args.weight_decay if decay else 0.0,
                    }
                )
    return groups

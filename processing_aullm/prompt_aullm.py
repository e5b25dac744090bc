"""The text that carries the two soft tokens: templates, placeholder tokens, and where each action unit is read.

A template is plain text with two placeholder tokens and four optional fields: `{names}` ("AU1, AU4"), `{described}`
("AU1 inner brow raiser, AU4 brow lowerer"), `{queries}` (" AU1 AU4", each name read at its own last token), `{start}`
(the token that this language model's texts begin with, nothing where it has none).

    prompt = build_prompt(tokenizer, TEMPLATES["base"], ["AU1", "AU4"])
    prompt.input_ids, prompt.au_positions
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from transformers import PreTrainedTokenizerBase
from transformers.tokenization_utils_base import AddedToken

CONTENT_TOKEN = "<|ct|>"
INSTRUCTION_TOKEN = "<|it|>"

# Names of the Facial Action Coding System (Ekman, Friesen and Hager, 2002).
ACTION_UNIT_MEANINGS = {
    "AU1": "inner brow raiser",
    "AU2": "outer brow raiser",
    "AU4": "brow lowerer",
    "AU5": "upper lid raiser",
    "AU6": "cheek raiser",
    "AU7": "lid tightener",
    "AU9": "nose wrinkler",
    "AU10": "upper lip raiser",
    "AU12": "lip corner puller",
    "AU14": "dimpler",
    "AU15": "lip corner depressor",
    "AU17": "chin raiser",
    "AU18": "lip pucker",
    "AU20": "lip stretcher",
    "AU23": "lip tightener",
    "AU24": "lip pressor",
    "AU25": "lips part",
    "AU26": "jaw drop",
    "AU28": "lip suck",
    "AU43": "eyes closed",
}

# "paper": soft tokens first, then the task (the published order), read at the last position; before them only the token
# that begins every text, because a language model spends its first position as a place to look at when there is nothing
# to look for. "base": all text that is the same for every clip stands before the first soft token, so it is computed
# once. "query": base, then one query per action unit.
TEMPLATES = {
    "paper": "{start}<|ct|><|it|> Please analyse the features and classify the facial action units:",
    "base": "Which of {names} move in this face? Evidence: <|ct|><|it|>",
    "query": "Action units seen in a short facial movement. Candidates: {described}. Evidence: <|ct|><|it|>{queries}",
}
FIELDS = ("start", "names", "described", "queries")


@dataclass(frozen=True)
class Prompt:
    """One tokenised prompt.

    Args:
        text: The prompt as text, placeholders included.
        input_ids: Token ids, length N.
        au_positions: For each of the K action units the position in `input_ids` where its logit is read: its query's
            last token, or the last position of the prompt where the template has no queries.
    """

    text: str
    input_ids: list[int]
    au_positions: list[int]


def check_action_units(action_units: Sequence[str]) -> list[str]:
    """Return the action units as a list, or say which one is not known.

    Args:
        action_units: Names such as "AU4", in the order of the model's outputs.

    Raises:
        ValueError: The list is empty, holds a name twice, or a name that FACS does not have.
    """
    if isinstance(action_units, str) or not action_units:
        raise ValueError(f"action_units must be a list of names such as ['AU1', 'AU4'], got {action_units!r}")
    unknown = [name for name in action_units if name not in ACTION_UNIT_MEANINGS]
    if unknown:
        raise ValueError(f"unknown action units {unknown}: known are {', '.join(ACTION_UNIT_MEANINGS)}")
    if len(set(action_units)) != len(action_units):
        raise ValueError(f"action_units names one twice: {list(action_units)}")
    return list(action_units)


def resolve_template(template: str) -> str:
    """Return the template text for a name in `TEMPLATES`, or the text itself.

    Raises:
        ValueError: The text is neither a known name nor a template with an unknown `{field}` left out.
    """
    text = TEMPLATES.get(template, template)
    unknown = [field for field in re.findall(r"{(\w*)}", text) if field not in FIELDS]
    if unknown:
        raise ValueError(f"template holds unknown fields {unknown}: use {', '.join('{' + f + '}' for f in FIELDS)}")
    return text


def add_placeholders(tokenizer: PreTrainedTokenizerBase, tokens: Sequence[str]) -> None:
    """Make each placeholder one special token of the tokenizer; those already there stay as they are.

    Their ids come after the language model's own: the model replaces them before its embedding is read.
    """
    tokenizer.add_tokens([AddedToken(token, special=True, normalized=False) for token in tokens], special_tokens=True)


def build_prompt(
    tokenizer: PreTrainedTokenizerBase,
    template: str,
    action_units: Sequence[str],
    content_token: str = CONTENT_TOKEN,
    instruction_token: str = INSTRUCTION_TOKEN,
) -> Prompt:
    """Fill the template and tokenise it.

    Args:
        tokenizer: A fast tokenizer that already holds both placeholders (`add_placeholders`).
        template: Template text or a name in `TEMPLATES`.
        action_units: The K names asked for, in the order of the logits.
        content_token: Placeholder of the content token.
        instruction_token: Placeholder of the instruction token.

    Raises:
        ValueError: A placeholder does not stand exactly once in the template or in the ids, or an action unit is
            unknown.
    """
    names = check_action_units(action_units)
    template = resolve_template(template)
    for token in (content_token, instruction_token):
        if template.count(token) != 1:
            raise ValueError(
                f"template has {template.count(token)} placeholders {token}, it must have exactly one: {template!r}"
            )
    text, spans = _fill(template.replace("{start}", tokenizer.bos_token or ""), names)
    encoded = tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)
    ids = encoded["input_ids"]
    for token in (content_token, instruction_token):
        found = ids.count(tokenizer.convert_tokens_to_ids(token))
        if found != 1:
            raise ValueError(f"tokenizer finds {found} placeholders {token} in the prompt, not 1: {text!r}")
    if spans is None:
        return Prompt(text, ids, [len(ids) - 1] * len(names))
    return Prompt(text, ids, [_last_token(encoded["offset_mapping"], span) for span in spans])


def _fill(template: str, names: list[str]) -> tuple[str, list[tuple[int, int]] | None]:
    """Fill the template's fields and return the character span of each query, None where there are no queries."""
    queries = "".join(f" {name}" for name in names)
    described = ", ".join(f"{name} {ACTION_UNIT_MEANINGS[name]}" for name in names)
    text = template.replace("{names}", ", ".join(names)).replace("{described}", described)
    start = text.find("{queries}")
    if start < 0:
        return text, None
    spans = []
    for name in names:
        spans.append((start + 1, start + 1 + len(name)))
        start += 1 + len(name)
    return text.replace("{queries}", queries), spans


def _last_token(offsets: list[tuple[int, int]], span: tuple[int, int]) -> int:
    """Index of the last token that overlaps the characters `span`."""
    return max(i for i, (first, last) in enumerate(offsets) if first < span[1] and last > span[0])

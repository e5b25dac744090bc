"""Where the soft tokens stand, where each action unit is read, and what a bad prompt says."""

import pytest

from processing_aullm.prompt_aullm import (
    CONTENT_TOKEN,
    INSTRUCTION_TOKEN,
    TEMPLATES,
    add_placeholders,
    build_prompt,
)

UNITS = ["AU1", "AU4", "AU12"]


@pytest.fixture
def prepared(tokenizer):
    add_placeholders(tokenizer, (CONTENT_TOKEN, INSTRUCTION_TOKEN))
    return tokenizer


def placeholders(tokenizer):
    return tokenizer.convert_tokens_to_ids([CONTENT_TOKEN, INSTRUCTION_TOKEN])


def test_paper_template_starts_with_the_soft_tokens_and_is_read_at_its_end(prepared):
    prompt = build_prompt(prepared, "paper", UNITS)
    assert prompt.input_ids[:2] == placeholders(prepared)
    assert prompt.au_positions == [len(prompt.input_ids) - 1] * 3


def test_paper_template_begins_as_the_language_models_texts_do(prepared):
    prepared.add_special_tokens({"bos_token": "<s>"})
    prompt = build_prompt(prepared, "paper", UNITS)
    assert prompt.input_ids[:3] == [prepared.bos_token_id, *placeholders(prepared)]


def test_base_template_ends_with_the_soft_tokens(prepared):
    prompt = build_prompt(prepared, "base", UNITS)
    assert prompt.input_ids[-2:] == placeholders(prepared)
    assert "AU1, AU4, AU12" in prompt.text


def test_queries_are_read_at_the_last_token_of_each_name(prepared):
    prompt = build_prompt(prepared, "query", UNITS)
    read = [prepared.decode(prompt.input_ids[: position + 1]) for position in prompt.au_positions]
    assert [text.split(" ")[-1] for text in read] == UNITS
    following = prompt.input_ids[prompt.au_positions[0] + 1]
    assert prepared.decode([following]).startswith(" ")


def test_a_prompt_decodes_to_its_own_text(prepared):
    for name in TEMPLATES:
        prompt = build_prompt(prepared, name, UNITS)
        assert prepared.decode(prompt.input_ids) == prompt.text


def test_placeholders_already_there_keep_their_ids(prepared):
    before = placeholders(prepared)
    add_placeholders(prepared, (CONTENT_TOKEN, INSTRUCTION_TOKEN))
    assert placeholders(prepared) == before


@pytest.mark.parametrize(
    ("template", "units", "message"),
    [
        ("base", ["AU1", "AU99"], "unknown action units.*AU99"),
        ("base", ["AU1", "AU1"], "names one twice"),
        ("base", [], "must be a list"),
        ("base", "AU1", "must be a list"),
        ("<|ct|> only", UNITS, r"0 placeholders <\|it\|>"),
        ("<|ct|><|it|><|ct|>", UNITS, r"2 placeholders <\|ct\|>"),
        ("<|ct|><|it|>{subject}", UNITS, "unknown fields.*subject"),
    ],
)
def test_a_bad_prompt_says_what_is_wrong(prepared, template, units, message):
    with pytest.raises(ValueError, match=message):
        build_prompt(prepared, template, units)


def test_a_tokenizer_without_placeholders_is_refused(tokenizer):
    with pytest.raises(ValueError, match=r"tokenizer finds 0 placeholders <\|ct\|>"):
        build_prompt(tokenizer, "base", UNITS)

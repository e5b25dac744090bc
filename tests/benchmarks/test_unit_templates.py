"""The table of pulls: found again by its own script, and true of people it was not made from."""

import numpy as np
import pytest

from benchmarks import unit_templates
from dataset_scripts.synthetic.config import DOMAINS
from dataset_scripts.synthetic.tables.session import Session
from processing_aullm.unit_templates_aullm import UNIT_TEMPLATES, template_field


@pytest.mark.parametrize("unit", ["AU4", "AU12"])
def test_pulls_are_found_again(unit):
    found, cosine = unit_templates.fit_templates(template_field(UNIT_TEMPLATES[unit]), np.random.default_rng(0))
    assert (
        cosine > unit_templates.GOOD
        and np.abs(template_field(found) - template_field(UNIT_TEMPLATES[unit])).max() < 0.15
    )


def test_other_people_move_alike(monkeypatch):
    """A person of another seed: units that move much skin are nearest to their own pulls."""

    def stranger(domain, seed, subject):
        return Session(domain, seed=9_000, subject=subject)

    monkeypatch.setattr(unit_templates, "Session", stranger)
    monkeypatch.setattr(unit_templates, "DOMAINS", {"samm-like": DOMAINS["samm-like"]})
    fields = unit_templates.mean_fields(1)
    table = {unit: template_field(pulls) for unit, pulls in UNIT_TEMPLATES.items()}
    for unit in ("AU1", "AU2", "AU4", "AU6", "AU9", "AU14", "AU26"):
        cosines = {name: _cosine(fields[unit], other) for name, other in table.items()}
        assert cosines[unit] > 0.6 and max(cosines, key=cosines.get) == unit


def _cosine(a: np.ndarray, b: np.ndarray) -> float:
    return float((a * b).sum() / np.linalg.norm(a) / np.linalg.norm(b))


def test_the_program_prints_a_line_a_unit(monkeypatch, capsys):
    monkeypatch.setattr(unit_templates, "UNIT_TEMPLATES", {"AU12": UNIT_TEMPLATES["AU12"]})
    monkeypatch.setattr(unit_templates, "DOMAINS", {"samm-like": DOMAINS["samm-like"]})
    monkeypatch.setattr(unit_templates, "STARTS", 1)
    monkeypatch.setattr("sys.argv", ["unit_templates", "--people", "1"])
    unit_templates.main()
    assert capsys.readouterr().out.startswith('"AU12": ((')

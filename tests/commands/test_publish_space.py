"""The project's own page may go to the Hub as it stands."""

from training_aullm.publishing import staging
from training_aullm.publishing.checks import refuse_leaks
from training_aullm.publishing.repo_folders import RepoFolder
from training_aullm.publishing.secret_patterns import SecretPatterns


def test_the_page_of_the_project_may_go_as_it_is(tmp_path):
    staging.stage_space(tmp_path / "space", "me/tiny")
    folder = RepoFolder("space", "me/tiny", tmp_path / "space")
    refuse_leaks([folder], SecretPatterns.of_this_machine(allowed=("me",)))
    assert {"app.py", "README.md", "requirements.txt", "model.json"} <= set(folder.names())

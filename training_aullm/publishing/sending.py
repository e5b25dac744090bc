"""Publish a run: put together, look through, and only then send, each repository in one commit.

folders = prepare(Path("runs/release"), repositories("me/aullm"), api=api)
commits = send_all(folders, api)

`create_commit` uploads large files first, into a store that knows them by their content; the commit that makes them
visible comes last, so nobody loads half a version. Given again after a break, it sends only what has not arrived.
(`upload_folder` does not do: it makes several commits of a large folder.)
"""

from collections.abc import Callable, Mapping
from pathlib import Path

from huggingface_hub import CommitOperationAdd, CommitOperationDelete, DatasetInfo, HfApi, ModelInfo, SpaceInfo
from huggingface_hub.errors import HfHubHTTPError, LocalTokenNotFoundError, RepositoryNotFoundError
from huggingface_hub.utils import httpx

from training_aullm.publishing.checks import refuse_leaks
from training_aullm.publishing.repo_folders import RepoFolder, Role
from training_aullm.publishing.secret_patterns import SecretPatterns
from training_aullm.publishing.shipped import Shipped, is_shipped
from training_aullm.publishing.staging import pin, stage
from training_aullm.runs.facts import RunFacts
from training_aullm.runs.group_scores import Groups

SPACE_SDK = {"space": "gradio", "metric": "static"}


def prepare(
    run: Path,
    names: Mapping[Role, str],
    licence: str | None = None,
    private: bool = False,
    api: HfApi | None = None,
    say: Callable[[str], None] = print,
) -> dict[Role, RepoFolder]:
    """Do everything but sending.

    Args:
        run: folder of a finished run, or "release", the shipped checkpoint; of that no clips are published.
        names: role -> "owner/name" of what is published; always the model.
        licence: the Hub's name of the licence of the user's own clips.
        private: whether the repositories are to be private.
        api: what talks to the Hub; None asks nobody.
        say: told of each step.

    Returns:
        Role -> folder, looked through, in the order of sending: the Space comes last, since it names the model's
        commit.

    Raises:
        PermissionError: nobody is logged in, the repositories belong to somebody else, or one that should be private is
            public; or the model was trained on faces under a signed licence.
        ValueError: something must not be sent, or the run does not fit this version.
        FileNotFoundError: the folder is no finished run.
    """
    facts = Shipped() if is_shipped(run) else RunFacts.read(run)
    if facts.licensed:
        raise PermissionError(
            f"{facts.folder} was trained on {', '.join(facts.licensed)}, faces under a signed licence: whether its "
            "owner lets a model of them be published stands in what you signed, so this command does not do it"
        )
    if api is not None:
        _check_login(api, names["model"].split("/")[0])
    if isinstance(facts, RunFacts) and Groups.of_run(run) is None:
        say(f"the card will hold no limits by group: `python -m benchmarks.groups {run}` measures them")
    say(f"putting together {', '.join(names)} in {facts.folder / 'hub'}")
    folders = stage(facts, names, licence)
    say("looking through every file")
    _look_through(*folders.values())
    if api is not None and private:
        for folder in folders.values():
            _on_the_hub(api, folder, private)
    return folders


def send_all(
    folders: Mapping[Role, RepoFolder], api: HfApi, private: bool = False, say: Callable[[str], None] = print
) -> dict[Role, str]:
    """Send what was prepared; what is there already is not sent again.

    Args:
        folders: from `prepare`, with an api.
        api: what talks to the Hub.
        private: make new repositories private.
        say: told of each step.

    Returns:
        Role -> commit.

    Raises:
        ConnectionError: the Hub could not be reached or refused; the message says how to go on.
        PermissionError: a repository is public although it was to be private.
        ValueError: a file changed since it was looked through.
    """
    commits: dict[Role, str] = {}
    for role, folder in folders.items():
        if role == "space":
            pin(folder.folder, folders["model"].repo_id, commits["model"])
        _look_through(folder)
        try:
            commits[role] = send(folder, api, private, say)
        except PermissionError:
            raise
        except (httpx.HTTPError, OSError, RuntimeError) as error:
            done = ", ".join(folders[each].address for each in commits) or "no repository"
            raise ConnectionError(
                f"sending {folder.address} was broken off ({error}). Complete so far: {done}. Give the same command "
                "again: what has arrived is not sent twice"
            ) from error
    return commits


def send(folder: RepoFolder, api: HfApi, private: bool = False, say: Callable[[str], None] = print) -> str:
    """Make one repository what the folder is; files of an earlier version go in the same commit.

    Args:
        folder: what to send.
        api: what talks to the Hub.
        private: make a new repository private.
        say: told of each step.

    Returns:
        The commit, 40 hexadecimal digits.

    Raises:
        huggingface_hub.errors.HfHubHTTPError: the Hub refused, or somebody pushed in between.
        PermissionError: the repository is public although it was to be private.
    """
    found = _on_the_hub(api, folder, private)
    if found is None:
        sdk = SPACE_SDK.get(folder.role)
        api.create_repo(folder.repo_id, repo_type=folder.repo_type, private=private, exist_ok=True, space_sdk=sdk)
        found = _on_the_hub(api, folder, private)
    names = folder.names()
    stale = [each.rfilename for each in found.siblings if folder.may_hold(each.rfilename)]
    commit = api.create_commit(
        folder.repo_id,
        [CommitOperationAdd(name, str(folder.folder / name)) for name in names]
        + [CommitOperationDelete(name) for name in stale if name not in names],
        commit_message=f"{len(names)} files of aullm publish",
        repo_type=folder.repo_type,
        parent_commit=found.sha,
    )
    say(f"{folder.address}: " + ("everything was there already" if commit.oid == found.sha else "sent"))
    return commit.oid


def _check_login(api: HfApi, owner: str) -> None:
    """Make sure that somebody is logged in who may write to the owner's repositories."""
    try:
        who = api.whoami()
    except LocalTokenNotFoundError as error:
        raise PermissionError("nobody is logged in: run `hf auth login` with a token that may write") from error
    except HfHubHTTPError as error:
        raise PermissionError(f"the Hub does not take this token ({error}): run `hf auth login` again") from error
    except (httpx.HTTPError, OSError) as error:
        raise ConnectionError(f"{api.endpoint} does not answer ({error}); --dry-run needs no network") from error
    names = {who["name"], *(each["name"] for each in who.get("orgs", ()))}
    if owner not in names:
        raise PermissionError(f"{who['name']} is logged in and cannot write to {owner}: --repo {who['name']}/NAME")


def _look_through(*folders: RepoFolder) -> None:
    owners = tuple({folder.repo_id.split("/")[0] for folder in folders})
    refuse_leaks(folders, SecretPatterns.of_this_machine(allowed=owners))


def _on_the_hub(api: HfApi, folder: RepoFolder, private: bool) -> ModelInfo | DatasetInfo | SpaceInfo | None:
    """What the Hub says of a repository, None where there is none, an error where it is public and should not be."""
    try:
        found = api.repo_info(folder.repo_id, repo_type=folder.repo_type)
    except RepositoryNotFoundError:
        return None
    if private and found.private is not True:
        raise PermissionError(
            f"{folder.address} is there already and is public; nothing was sent into it. Make it private in its "
            "settings, then give the same command again, or choose another --repo"
        )
    return found

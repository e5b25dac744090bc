"""Publish a run: put together, look through, compare with the Hub, and only then send.

receipt = publish(Publication(Path("runs/release"), "me/aullm"), private=False, say=print)
"""

from collections.abc import Callable
from dataclasses import dataclass

from huggingface_hub import HfApi
from huggingface_hub.errors import HfHubHTTPError, LocalTokenNotFoundError
from huggingface_hub.utils import httpx

from training_aullm.publishing.inspection import refuse_leaks
from training_aullm.publishing.repo_folders import Parcel, Role
from training_aullm.publishing.secret_patterns import machine_marks
from training_aullm.publishing.staging import Publication, pin, stage
from training_aullm.publishing.upload import There, look, send
from training_aullm.runs.facts import RunFacts
from training_aullm.runs.group_scores import Groups


@dataclass(frozen=True)
class Plan:
    """Everything that would be sent, looked through.

    Attributes:
        publication: what is published.
        parcels: role -> folder, in the order of sending: the Space comes last, since it names the model's commit.
        there: role -> what the Hub holds of it; empty where the Hub was not asked.
    """

    publication: Publication
    parcels: dict[Role, Parcel]
    there: dict[Role, There]


def make_plan(publication: Publication, private: bool, api: HfApi | None, say: Callable[[str], None]) -> Plan:
    """Do everything but sending.

    Args:
        publication: what is published.
        private: whether the repositories are to be private.
        api: what talks to the Hub; None asks nobody.
        say: told of each step.

    Returns:
        The plan.

    Raises:
        PermissionError: nobody is logged in, the repositories belong to somebody else, or one that should be private is
            public.
        ValueError: something must not be sent, or the run does not fit this version.
        FileNotFoundError: the folder is no finished run.
    """
    facts = RunFacts.read(publication.run)
    refuse_licensed(facts)
    owner = publication.repo.split("/")[0]
    if api is not None:
        check_login(api, owner)
    if Groups.of_run(publication.run) is None:
        say(f"the card will hold no limits by group: `python -m benchmarks.groups {publication.run}` measures them")
    say(f"putting together {', '.join(publication.roles)} in {publication.folder}")
    parcels = stage(publication, facts)
    say("looking through every file")
    refuse_leaks(parcels.values(), machine_marks(own=(owner,)))
    there = {} if api is None else {role: look(api, parcel) for role, parcel in parcels.items()}
    for role, found in there.items():
        if private and found.private is False:
            raise PermissionError(
                f"{parcels[role].address} is there already and is public; nothing was sent. Make it private in its "
                "settings, or choose another --repo"
            )
    return Plan(publication, parcels, there)


def carry_out(plan: Plan, private: bool, api: HfApi, say: Callable[[str], None]) -> dict[Role, str]:
    """Send what was planned; what is there already is not sent again.

    Args:
        plan: from `make_plan`, with an api.
        private: make new repositories private.
        api: what talks to the Hub.
        say: told of each step.

    Returns:
        Role -> commit.

    Raises:
        ConnectionError: the Hub could not be reached or refused; the message says how to go on.
        ValueError: a file changed since it was looked through.
    """
    commits: dict[Role, str] = {}
    for role, parcel in plan.parcels.items():
        if role == "space":
            pin(parcel.folder, plan.publication.repo, commits["model"])
            there = look(api, parcel)
        else:
            there = plan.there[role]
        refuse_leaks([parcel], machine_marks(own=(parcel.repo_id.split("/")[0],)))
        try:
            commits[role] = send(api, parcel, there, private, say)
        except PermissionError:
            raise
        except (httpx.HTTPError, OSError, RuntimeError) as error:
            done = ", ".join(plan.parcels[each].address for each in commits) or "no repository"
            raise ConnectionError(
                f"sending {parcel.address} was broken off ({error}). Complete so far: {done}. Give the same command "
                "again: what has arrived is not sent twice"
            ) from error
    return commits


def check_login(api: HfApi, owner: str) -> None:
    """Make sure that somebody is logged in who may write to the owner's repositories.

    Raises:
        PermissionError: nobody is, or somebody else.
        ConnectionError: the Hub does not answer.
    """
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


def refuse_licensed(facts: RunFacts) -> None:
    """A model trained on faces under a signed licence is not published by this command.

    Raises:
        PermissionError: with the names of the sets.
    """
    if facts.licensed:
        raise PermissionError(
            f"{facts.folder} was trained on {', '.join(facts.licensed)}, faces under a signed licence: whether its "
            "owner lets a model of them be published stands in what you signed, so this command does not do it"
        )

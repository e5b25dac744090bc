"""Parts of the work: together everything, each piece once, whoever started the processes."""

from itertools import chain

import pytest

from training_aullm.comparing.sharing import Shard


@pytest.mark.parametrize("count", [1, 2, 3, 30])
def test_shards_do_every_piece_once(count):
    work = list(range(26))
    shares = [Shard.of(f"{index}/{count}", {}).share(work) for index in range(1, count + 1)]
    assert sorted(chain(*shares)) == work
    assert max(map(len, shares)) - min(map(len, shares)) <= 1


def test_a_launcher_shares_out_and_its_variables_go(monkeypatch):
    monkeypatch.setattr("torch.cuda.device_count", lambda: 2)
    launched = {
        "RANK": "1",
        "WORLD_SIZE": "3",
        "LOCAL_RANK": "1",
        "MASTER_ADDR": "here",
        "MASTER_PORT": "1",
        "HOME": "x",
    }
    assert Shard.of(None, launched) == Shard(1, 3)
    assert launched == {"HOME": "x", "CUDA_VISIBLE_DEVICES": "1"}


@pytest.mark.parametrize(
    ("lent", "rank", "own"),
    [("4,5,6,7", "2", "6"), ("GPU-a,GPU-b", "1", "GPU-b"), ("0", "3", "0"), ("0,1", "3", "1"), ("", "1", "")],
)
def test_of_the_cards_that_are_lent_a_process_takes_its_own(lent, rank, own):
    launched = {"RANK": rank, "LOCAL_RANK": rank, "WORLD_SIZE": "4", "CUDA_VISIBLE_DEVICES": lent}
    assert Shard.of(None, launched) == Shard(int(rank), 4) and launched == {"CUDA_VISIBLE_DEVICES": own}


@pytest.mark.parametrize(("cards", "own"), [(2, "1"), (1, "0"), (0, "")])
def test_of_all_cards_of_the_machine_a_process_takes_its_own(cards, own, monkeypatch):
    monkeypatch.setattr("torch.cuda.device_count", lambda: cards)
    launched = {"RANK": "3", "LOCAL_RANK": "3", "WORLD_SIZE": "4"}
    assert Shard.of(None, launched) == Shard(3, 4) and launched == {"CUDA_VISIBLE_DEVICES": own}


def test_processes_of_a_launcher_divide_a_shard_among_them():
    work = list(range(26))
    shares = [
        Shard.of(f"{node}/3", {"RANK": str(rank), "WORLD_SIZE": "4"}).share(work)
        for node in (1, 2, 3)
        for rank in range(4)
    ]
    assert sorted(chain(*shares)) == work


def test_what_would_make_a_fit_join_others_or_round_otherwise_goes():
    environment = {
        "PMI_RANK": "1",
        "PMI_SIZE": "2",
        "OMPI_COMM_WORLD_SIZE": "2",
        "ACCELERATE_MIXED_PRECISION": "bf16",
        "ACCELERATE_USE_CPU": "true",
    }
    assert Shard.of("2/2", environment) == Shard(1, 2) and environment == {"ACCELERATE_USE_CPU": "true"}


def test_without_a_launcher_everything_is_ours():
    assert Shard.of(None, {}).share([1, 2]) == [1, 2]


@pytest.mark.parametrize("text", ["0/2", "3/2", "1", "a/b", "-1/2", "1/0"])
def test_what_is_no_part_is_refused(text):
    with pytest.raises(ValueError, match="such as 1/4"):
        Shard.of(text, {})

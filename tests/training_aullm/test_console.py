"""What a command shows while it works."""

from types import SimpleNamespace

from rich.table import Table

from training_aullm.console import TrainingBar, counted, wide_console


def test_a_console_that_writes_to_a_file_is_wide_enough_for_tables():
    assert wide_console().width == 110


def test_names_with_brackets_and_colons_are_printed_as_they_are(capsys):
    name = "Talk [dQw4w9WgXcQ] :smile: [/b].mp4"
    console, table = wide_console(), Table(title=name, caption=name)
    table.add_column(name)
    table.add_row(name)
    console.print(name, soft_wrap=True)
    console.print(table)
    assert capsys.readouterr().out.count(name) == 5


def test_words_agree_with_their_number():
    assert [counted(number, "clip") for number in (0, 1, 2)] == ["0 clips", "1 clip", "2 clips"]


def test_the_bar_goes_on_where_training_does_and_names_the_loss(capsys):
    bar, state = TrainingBar("fold0"), SimpleNamespace(max_steps=10, global_step=4)
    bar.on_train_begin(None, state, None)
    assert (bar.bar.n, bar.bar.total) == (4, 10)
    state.global_step = 7
    bar.on_step_end(None, state, None)
    bar.on_log(None, state, None, {"loss": 0.25, "loss_main": 0.125, "learning_rate": 1.0})
    assert bar.bar.n == 7 and bar.bar.postfix == "loss=0.250, main=0.125"
    bar.on_train_end(None, state, None)
    assert "fold0" in capsys.readouterr().err

"""The pipeline: a tiny model answers for windows of fake faces; a saved folder works in a process without our code."""

import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import datasets
import pytest
import torch
from transformers.pipelines import PIPELINE_REGISTRY
from transformers.pipelines.pt_utils import KeyDataset

from modeling_aullm import AullmForActionUnitDetection
from modeling_aullm.pipeline_aullm import TASK, AullmPipeline, add_pipeline
from processing_aullm import AullmImageProcessor
from processing_aullm.face_networks_aullm import FaceFiles
from tests.contract.language_models import save_tiny_language_model
from tests.contract.tree import ROOT
from tests.modeling_aullm.conftest import PROMPT, UNITS
from tests.processing_aullm.faked_faces import FakeFace, FakeProcessor

FRESH_PROCESS = ROOT / "training_aullm" / "publishing" / "fresh_process.py"


class PromptedProcessor(FakeProcessor):
    """Fake faces, with the prompt of the tiny model."""

    action_units = UNITS

    def __init__(self, model) -> None:
        super().__init__()
        size = model.config.image_size
        self.image_processor = SimpleNamespace(num_frames=model.config.num_frames, size=size, align=False)

    def prompt(self) -> SimpleNamespace:
        return SimpleNamespace(input_ids=PROMPT, au_positions=[len(PROMPT) - 1] * len(UNITS))


@pytest.fixture
def pipe(build):
    model = build(motion_grid=14, image_size=112).eval()
    return AullmPipeline(model, processor=PromptedProcessor(model), device=-1)


def test_missing_face_networks_are_told_before_any_video(build, tmp_path):
    model = build(motion_grid=14, image_size=112).eval()
    processor = PromptedProcessor(model)
    processor.image_processor = AullmImageProcessor(num_frames=model.config.num_frames, size=112)
    processor.image_processor._face_files = FaceFiles(None, None, "a folder without them")
    with pytest.raises(FileNotFoundError, match="a folder without them holds no face_networks"):
        AullmPipeline(model, processor=processor, device=-1)
    processor.image_processor.align = False  # for registered clips nothing is searched
    AullmPipeline(model, processor=processor, device=-1)


FACE = FakeFace(moves=((30, 32, 35, 4.0, "AU4"),))


def test_a_model_that_was_just_trained_answers_without_dropout(build):
    """Models are often built or trained, and put into a pipeline as they are."""
    model = build(motion_grid=14, image_size=112).train()
    assert not AullmPipeline(model, processor=PromptedProcessor(model), device=-1).model.training


def test_probabilities_are_the_models_own(pipe):
    seen = []
    asked = pipe.preprocess
    pipe.preprocess = lambda batch: seen.append(batch) or asked(batch)
    windows = pipe([FACE])["faces"][0]["windows"]
    answered = [window["probabilities"] for window in windows if window["probabilities"] is not None]
    with torch.inference_mode():
        clips = torch.cat([crops[places] for crops, places in seen])
        logits = pipe.model(pixel_values=clips[:, :, None].float() / 255).logits
    assert 0 < len(answered) < len(windows)
    assert sum(len(crops) for crops, _ in seen) < clips.shape[0] * clips.shape[1] / 2  # windows share their frames
    nearest = torch.cdist(torch.tensor(answered), logits.sigmoid(), p=torch.inf).min(1).values
    assert nearest.max() < 2e-4 and len(answered) <= len(logits)  # movements are read as clips of their own, too


def test_a_model_with_the_led_front_end_reads_windows_too(build):
    model = build(front_end="led", image_size=64).eval()
    pipe = AullmPipeline(model, processor=PromptedProcessor(model), device=-1)
    crops, windows = torch.randint(0, 256, (5, 64, 64), dtype=torch.uint8), torch.tensor([[0, 1, 2, 3], [1, 2, 3, 4]])
    windows = windows[:, torch.linspace(0, 3, model.config.num_frames).long()]
    answers = pipe._answer(crops, windows)
    with torch.inference_mode():
        logits = model(pixel_values=crops[windows][:, :, None].float() / 255).logits
    torch.testing.assert_close(torch.tensor([probabilities for probabilities, _ in answers]), logits.sigmoid())
    assert all(motion is None for _, motion in answers), "it measures none"


def test_options_may_be_defaults_or_given_to_a_call(build):
    model = build(motion_grid=14, image_size=112).eval()
    processor = PromptedProcessor(model)
    pipe = AullmPipeline(model, processor=processor, device=-1, hop=0.5, threshold=0.9)
    default, called = pipe([FakeFace()]), pipe([FakeFace()], hop=0.2)
    assert default["threshold"] == called["threshold"] == 0.9
    onsets = [[window["onset"] for window in reading["faces"][0]["windows"][:3]] for reading in (default, called)]
    assert onsets == [[0, 5, 10], [0, 2, 4]]
    with pytest.raises(ValueError, match="hop"):
        pipe([FakeFace()], hop=0)


def test_the_size_of_batches_is_a_default_as_every_option_is(build):
    """transformers takes it away from a pipeline's options, for its own way to fill batches."""
    model = build(motion_grid=14, image_size=112).eval()
    pipe = AullmPipeline(model, processor=PromptedProcessor(model), device=-1, batch_size=3)
    forward, batches = pipe._forward, []
    pipe._forward = lambda inputs: batches.append(len(inputs["windows"])) or forward(inputs)
    pipe([FACE])
    assert max(batches) == 3
    batches.clear()
    pipe([FACE], batch_size=5)
    assert max(batches) == 5


def test_a_list_of_image_files_is_one_video(pipe):
    opened, asked = pipe.processor.open_stream, []
    pipe.processor.open_stream = lambda video, **options: asked.append(video) or opened([FACE], **options)
    for files in (["1.png", Path("2.png"), "3.png"], ["rest.jpg", "apex.jpg"]):  # two with a rate are no pair
        assert pipe(files, fps=10.0)["faces"][0]["windows"] and asked.pop() == files


def test_a_list_of_paths_gives_a_list_of_readings(pipe):
    moves, opened, batches = ((30, 32, 35, 4.0, "AU4"),), pipe.processor.open_stream, []
    faces = {name: FakeFace(frames=60, moves=moves, seed=seed) for seed, name in enumerate(("a.mp4", "b.mp4"))}
    pipe.processor.open_stream = lambda video, **options: opened([faces[str(video)]], **options)
    forward = pipe._forward
    pipe._forward = lambda inputs: batches.append(len(inputs["windows"])) or forward(inputs)
    together, several = pipe([Path("a.mp4"), "b.mp4"], batch_size=200), batches.copy()
    batches.clear()
    alone = [pipe(name, batch_size=200) for name in faces]
    assert len(several) == 2 and len(batches) == 4, "both videos together: windows and first readings, then wider ones"
    assert sum(several) == sum(batches)
    for one, other in zip(together, alone, strict=True):
        answers = [[window["probabilities"] for window in each["faces"][0]["windows"]] for each in (one, other)]
        assert [answer is None for answer in answers[0]] == [answer is None for answer in answers[1]]
        torch.testing.assert_close(*[torch.tensor([p for p in each if p]) for each in answers], atol=2e-4, rtol=0)


def test_many_videos_come_in_every_usual_container_and_are_read_when_asked_for(pipe):
    read = []
    pipe.processor.read_video = lambda video, answer, **options: [
        read.append(video) or {"video": video, "faces": [], "done": 1.0, "resume": None}
    ]
    table = datasets.Dataset.from_dict({"video": ["a.mp4", "b.mp4"]})
    for many in (
        (path for path in ("a.mp4", "b.mp4")),
        table["video"],
        KeyDataset(table, "video"),
        table.to_iterable_dataset()["video"],
    ):
        read.clear()
        readings = iter(pipe(many))
        assert next(readings)["video"] == "a.mp4" and read == ["a.mp4"]
        assert [reading["video"] for reading in readings] == ["b.mp4"]
    assert pipe({"bytes": b"film", "path": "a.mp4"})["video"] == b"film"
    assert pipe({"bytes": None, "path": "a.mp4"})["video"] == "a.mp4"


def test_two_pictures_and_marked_clips_are_read_as_one_movement(build):
    model, asked = build(motion_grid=14, image_size=112).eval(), []
    processor = PromptedProcessor(model)
    processor.read_pair = lambda video, answer, **options: asked.append((video, options)) or {"movements": []}
    pipe = AullmPipeline(model, processor=processor, device=-1, threshold=0.4, hop=0.2)
    pictures, clip = ["rest.jpg", "apex.jpg"], [FakeFace()]
    for told in (pipe(pictures), pipe(clip, onset=3, apex=9, face=1), pipe.pair(pictures, threshold=0.6)):
        assert told == {"movements": []}
    marks = {"onset": None, "apex": None, "threshold": 0.4}
    assert asked == [
        (pictures, marks),
        (clip, marks | {"onset": 3, "apex": 9, "face": 1}),
        (pictures, marks | {"threshold": 0.6}),
    ]
    for wrong in (lambda: pipe(clip, onset=3, fps=25.0), lambda: pipe.pair(pictures, hop=0.1, treshold=0.4)):
        with pytest.raises(ValueError, match=r"have no option (fps|hop, treshold); there are onset, apex"):
            wrong()
    assert pipe(clip)["faces"] and len(asked) == 3, "a video is a video"
    pipe({"bytes": b"film", "path": "a.mp4"}, onset=3)
    assert asked[-1] == (b"film", marks | {"onset": 3})
    processor.read_video = lambda video, answer, **options: [{"video": video, "faces": []}]
    assert pipe([torch.zeros(9, 9)] * 2, fps=25.0).keys() == {"video", "faces"}, "of a known rate: two frames of a film"


def test_a_video_of_a_table_is_explained_as_it_is_read(pipe):
    """As `datasets` stores it: bytes, or a path."""
    opened = []

    def read_clip(video, **options):
        opened.append(video)
        raise ValueError("enough")

    pipe.processor.read_clip = read_clip
    for stored in ({"bytes": b"film", "path": "a.mp4"}, {"bytes": None, "path": "a.mp4"}, "a.mp4"):
        with pytest.raises(ValueError, match="enough"):
            pipe.explain(stored)
    assert opened == [b"film", "a.mp4", "a.mp4"]


def test_the_task_is_registered():
    assert PIPELINE_REGISTRY.supported_tasks[TASK]["impl"].__name__ == "AullmPipeline"


def test_an_entry_and_the_code_are_put_into_a_folder(tmp_path):
    (tmp_path / "config.json").write_text('{"model_type": "aullm"}')
    add_pipeline(tmp_path)
    entry = json.loads((tmp_path / "config.json").read_text())["custom_pipelines"][TASK]
    assert entry["impl"] == "pipeline_aullm.AullmPipeline" and entry["pt"] == ["AutoModelForVideoClassification"]
    assert {"pipeline_aullm.py", "explanation_aullm.py", "displacement_aullm.py"} <= {
        p.name for p in tmp_path.iterdir()
    }
    with pytest.raises(FileNotFoundError):
        add_pipeline(tmp_path / "nothing")


def test_a_model_saved_again_brings_the_pipelines_code(build, tmp_path):
    build().save_pretrained(tmp_path / "first")
    AullmForActionUnitDetection.from_pretrained(tmp_path / "first").save_pretrained(tmp_path / "tuned")
    assert TASK in json.loads((tmp_path / "tuned" / "config.json").read_text())["custom_pipelines"]
    assert (tmp_path / "tuned" / "pipeline_aullm.py").is_file()


def fresh(code: str, folder) -> str:
    """The last line that a process without our packages prints; their names cannot be imported there."""
    hidden = f"import runpy\nrunpy.run_path({str(FRESH_PROCESS)!r})['hide_our_packages']()\n"
    done = subprocess.run([sys.executable, "-I", "-c", hidden + code], capture_output=True, text=True, cwd=folder)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout.strip().rpartition("\n")[2]


@pytest.mark.slow
def test_tuned_and_saved_elsewhere_without_our_packages_the_pipeline_works(tmp_path):
    from training_aullm.learn.fitting import new_model, new_processor
    from training_aullm.learn.recipes import recipe_base

    language_model, names = save_tiny_language_model(tmp_path / "language"), ["AU4", "AU12"]
    model = new_model(recipe_base().but(model={"num_language_layers": 2}), names, language_model, seed=0).eval()
    pipe = AullmPipeline(model, processor=new_processor("base", names, language_model), device=-1)
    pipe.save_pretrained(tmp_path / "published")
    crops, windows = torch.randint(0, 256, (6, 224, 224), dtype=torch.uint8), torch.arange(6)[None]
    torch.save(crops, tmp_path / "crops.pt")
    fresh(
        """
import torch
from transformers import AutoModel, AutoProcessor
model = AutoModel.from_pretrained("published", trust_remote_code=True)
with torch.no_grad():
    model.head.score.bias += 1.0
model.save_pretrained("tuned")
AutoProcessor.from_pretrained("published", trust_remote_code=True).save_pretrained("tuned")
""",
        tmp_path,
    )
    answer = fresh(
        f"""
import torch
from transformers import pipeline
pipe = pipeline({TASK!r}, model="tuned", trust_remote_code=True, device=-1)
print(pipe._answer(torch.load("crops.pt"), torch.arange(6)[None])[0][0])
""",
        tmp_path,
    )
    with torch.no_grad():
        model.head.score.bias += 1.0
    torch.testing.assert_close(torch.tensor(json.loads(answer)), torch.tensor(pipe._answer(crops, windows)[0][0]))


@pytest.mark.slow
def test_a_saved_folder_reads_a_video_in_a_fresh_process(tmp_path):
    from dataset_scripts.synthetic.tables.video import render_video
    from training_aullm.learn.fitting import new_model, new_processor
    from training_aullm.learn.recipes import recipe_base

    language_model, names = save_tiny_language_model(tmp_path / "language"), ["AU4", "AU12"]
    recipe = recipe_base().but(model={"num_language_layers": 2})
    model = new_model(recipe, names, language_model, seed=0).eval()
    processor = new_processor("base", names, language_model)
    AullmPipeline(model, processor=processor, device=-1).save_pretrained(tmp_path / "saved")
    render_video(tmp_path / "a.mp4", ["AU4"], fps=15, size=240, lead_in_s=0.5, lead_out_s=0.5)
    code = f"""
import json
from transformers import pipeline
pipe = pipeline({TASK!r}, model={str(tmp_path / "saved")!r}, trust_remote_code=True, device=-1)
print(json.dumps(pipe({str(tmp_path / "a.mp4")!r})))
explanation = pipe.explain({str(tmp_path / "a.mp4")!r}, onset=2, offset=9)
assert pipe.draw(explanation, "attention", "AU4").shape == explanation["frames"][0].shape
assert pipe.magnify(explanation, 4).shape == explanation["frames"].shape
"""
    reading = json.loads(fresh(code, tmp_path))
    ours = AullmPipeline(model, processor=processor, device=-1)(str(tmp_path / "a.mp4"))
    assert reading["faces"][0]["windows"] and reading["size"] == [240, 240]
    assert [w["onset"] for w in reading["faces"][0]["windows"]] == [w["onset"] for w in ours["faces"][0]["windows"]]


def test_a_live_reading_is_answered_by_the_model(build):
    model = build(motion_grid=14, image_size=112).eval()
    processor = PromptedProcessor(model)
    processor.read_live = lambda answer, **options: (answer, options)
    pipe = AullmPipeline(model, processor=processor, device=-1, faces=2, threshold=0.4, batch_size=8)
    assert pipe.live(threshold=0.6)[1] == {"threshold": 0.6, "batch_size": 8}, (
        "defaults count where there is the option"
    )
    answer, options = AullmPipeline(model, processor=processor, device=-1).live(fps=15.0)
    assert options == {"fps": 15.0}
    windows = torch.arange(model.config.num_frames)[None].repeat(3, 1)
    crops = torch.zeros(model.config.num_frames, 112, 112, dtype=torch.uint8)
    answers = torch.tensor([probabilities for probabilities, _ in answer(crops, windows)])
    assert answers.shape == (3, len(UNITS)) and bool(((answers > 0) & (answers < 1)).all())

"""Loading what reads videos: the model and processor of a run, of a published folder, or of a Hub id.

    pipe = load_pipeline("release")
    reading = pipe("face.mp4")

| named | what is loaded |
|---|---|
| a run of `aullm train`, `demo` or `release` | RUN/model |
| `release` | the checkpoint that comes with the package |
| a published or staged folder, RUN/hub, a merged or a trained-only model | that folder's model |
| a model without a processor, such as a Trainer's checkpoint | the model, and the processor that its config describes |
| owner/name | the Hub's |

Our own classes are used: no code that lies in the folder or repository is run.
"""

import re
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from safetensors import safe_open

from dataset_scripts.damaged_files import naming, read_json
from modeling_aullm import AullmConfig, AullmForActionUnitDetection, resolve_language_model
from modeling_aullm.agreement_aullm import check_processor
from modeling_aullm.pipeline_aullm import AullmPipeline
from processing_aullm import AullmProcessor

MODEL_FOLDER = "model"
RUNS = Path("runs")
RELEASE = "release"
RELEASED = Path(__file__).with_name("released")  # what `release` names, see from_scratch/released.py
HUB_ID = re.compile(r"\w[\w.-]*/\w[\w.-]*")
ADVICE = (
    "`release` is the model that comes with the package, `aullm demo` makes a small one in runs/demo; --model names "
    "one of these, a run's folder, a published folder, or a Hub id (owner/name)"
)
COPY_AGAIN = "copy or download it again"


def load_pipeline(source: str | Path, **options) -> AullmPipeline:
    """Load what reads videos.

    Args:
        source: a run's folder (its model stands in `model/`), a folder with a `config.json`, or a Hub id.
        **options: defaults for `AullmPipeline.stream`, or `device`.

    Raises:
        FileNotFoundError: there is no model.
        ValueError: it is damaged, or of another kind.
    """
    model, processor = load_model(source)
    return AullmPipeline(model, processor=processor, **options)


def load_model(source: str | Path) -> tuple[AullmForActionUnitDetection, AullmProcessor]:
    """Load model and processor.

    Args:
        source: as for `load_pipeline`.

    Returns:
        The model, ready to infer, and its processor.

    Raises:
        FileNotFoundError: there is no model.
        CheckpointError: it is not what was saved.
        ValueError: it is damaged, of another kind, or model and processor do not belong together.
    """
    name = model_place(source)
    if Path(name).is_dir():
        _refuse_damaged(Path(name))
    with _told_in_one_line(name):
        model = AullmForActionUnitDetection.from_pretrained(name).eval()
        if Path(name).is_dir() and not (Path(name) / "processor_config.json").exists():
            processor = _processor_of(model.config)
        else:
            processor = AullmProcessor.from_pretrained(name, trust_remote_code=False)
    check_processor(model.config, processor)
    return model, processor


def load_config(source: str | Path) -> AullmConfig:
    """The config alone of what `load_model` loads; it raises the same errors, but looks at no weights."""
    name = model_place(source)
    with _told_in_one_line(name):
        return AullmConfig.from_pretrained(name)


@contextmanager
def _told_in_one_line(name: str) -> Iterator[None]:
    """What libraries say of a model that cannot be loaded, in one line and with what to do."""
    try:
        yield
    except Exception as error:
        if any(map(_is_ours, (error, error.__cause__))):  # it says what it means, or is a bug
            raise
        said = str(error).partition("\n")[0].rstrip(".") or type(error).__name__
        raise ValueError(f"no model can be loaded from {name} ({said}): {ADVICE}") from error


def model_place(source: str | Path) -> str:
    """The folder that holds the model of a run, or the folder or Hub id itself.

    Raises:
        FileNotFoundError: the folder exists but holds no model; or it does not exist, and what names it is no Hub id.
    """
    folder = RELEASED if str(source) == RELEASE and not holds_model(Path(source)) else Path(source)
    if (folder / MODEL_FOLDER / "config.json").is_file():
        folder = folder / MODEL_FOLDER
    elif folder.exists() and not (folder / "config.json").is_file():
        raise FileNotFoundError(
            f"{folder} holds neither config.json nor {MODEL_FOLDER}/config.json: pass a run's folder; one that was "
            "only scored by folds keeps no model, one that was broken off has none yet (aullm train --resume)"
        )
    elif not folder.exists() and not may_be_hub_id(str(source)):
        raise FileNotFoundError(f"{source}: there is no such model: {ADVICE}")
    return str(folder) if folder.exists() else str(source)


def holds_model(folder: Path) -> bool:
    """Whether a model lies in a folder, or in its `model/`."""
    return any((folder / path).is_file() for path in ("config.json", f"{MODEL_FOLDER}/config.json"))


def _processor_of(config: AullmConfig) -> AullmProcessor:
    """The processor that a model was trained with, from its own config: what the prompt is, `check_processor` sees."""
    location, _ = resolve_language_model(config.language_model)
    image = {"num_frames": config.num_frames, "size": config.image_size}
    preset = "paper" if config.front_end == "led" else "base"
    template = "query" if config.readout == "au" else None
    return AullmProcessor.from_parts(location, preset, config.action_units, template, **image)


def may_be_hub_id(name: str) -> bool:
    """Whether a name that is no folder here can be one on the Hub: a folder that only lacks its last part is not.

    Args:
        name: as it was given.
    """
    owner = Path(name).parent
    return HUB_ID.fullmatch(name) is not None and owner != RUNS and not owner.is_dir()


def _refuse_damaged(folder: Path) -> None:
    """Look at every file's end before any is loaded: libraries say "Expecting value" and not of which.

    Raises:
        DamagedFile: names the file.
        ValueError: the folder holds a model of another kind.
    """
    for path in sorted(folder.glob("*.json")):
        read_json(path, COPY_AGAIN)
    for path in sorted(folder.glob("*.safetensors")):
        with naming(path, COPY_AGAIN), safe_open(path, "pt"):
            pass
    kind = read_json(folder / "config.json", COPY_AGAIN).get("model_type")
    if kind != AullmConfig.model_type:
        raise ValueError(f"{folder / 'config.json'}: model_type is {kind!r}, not {AullmConfig.model_type!r}: {ADVICE}")


def _is_ours(error: BaseException | None) -> bool:
    """Whether one of our own lines raised it."""
    frames = [] if error is None else list(traceback.walk_tb(error.__traceback__))
    ours = [Path(__file__).parents[1] / name for name in ("modeling_aullm", "processing_aullm")]
    return bool(frames) and any(Path(frames[-1][0].f_code.co_filename).is_relative_to(folder) for folder in ours)

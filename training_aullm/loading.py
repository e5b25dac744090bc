"""Loading what reads videos: the model and processor of a run, of a published folder, or of a Hub id.

    pipe = load_pipeline("runs/demo")
    reading = pipe("face.mp4")

Our own classes are used: no code that lies in the folder or repository is run.
"""

from pathlib import Path

from modeling_aullm import AullmForActionUnitDetection
from modeling_aullm.agreement_aullm import check_processor
from modeling_aullm.pipeline_aullm import AullmPipeline
from processing_aullm import AullmProcessor

MODEL_FOLDER = "model"


def load_pipeline(source: str | Path, **options) -> AullmPipeline:
    """Load what reads videos.

    Args:
        source: a run's folder (its model stands in `model/`), a folder with a `config.json`, or a Hub id.
        **options: defaults for `AullmPipeline.stream`, or `device`.

    Raises:
        FileNotFoundError: the folder exists but holds no model.
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
        FileNotFoundError: the folder exists but holds no model.
        CheckpointError: the model is not what was saved.
        ValueError: model and processor do not belong together.
    """
    name = model_place(source)
    model = AullmForActionUnitDetection.from_pretrained(name).eval()
    processor = AullmProcessor.from_pretrained(name, trust_remote_code=False)
    check_processor(model.config, processor)
    return model, processor


def model_place(source: str | Path) -> str:
    """The folder that holds the model of a run, or the folder or Hub id itself.

    Raises:
        FileNotFoundError: the folder exists but holds no model.
    """
    folder = Path(source)
    if (folder / MODEL_FOLDER / "config.json").is_file():
        folder = folder / MODEL_FOLDER
    elif folder.exists() and not (folder / "config.json").is_file():
        raise FileNotFoundError(
            f"{folder} holds neither config.json nor {MODEL_FOLDER}/config.json: pass a run's folder"
        )
    return str(folder) if folder.exists() else str(source)

"""Who may import whom: the table that keeps the rooms apart, and the Hub's rules for code that travels."""

import sys
import textwrap

import pytest

from tests.contract.tree import PACKAGES, ROOT, find_circle, import_graph, imports_in, imports_of, python_files

SHIPPED = ("modeling_aullm", "processing_aullm")
PICTURES = {"numpy", "cv2", "av", "PIL"}
MAY_IMPORT = {
    "modeling_aullm": {"torch", "transformers", "safetensors", "huggingface_hub", "peft"},
    "processing_aullm": {"torch", "transformers", "safetensors"} | PICTURES,
    "dataset_scripts": {
        "processing_aullm",
        *("datasets", "huggingface_hub", "joblib", "openpyxl", "pandas", "pyarrow", "scipy", "tqdm"),
        *PICTURES,
    },
    "training_aullm": {
        *("modeling_aullm", "processing_aullm", "dataset_scripts"),
        *("torch", "transformers", "safetensors", "accelerate", "peft", "huggingface_hub", "datasets", "evaluate"),
        *("sklearn", "scipy", "pandas", "pyarrow", "matplotlib", "rich", "tqdm", "typer", "detect_secrets"),
        *("filelock", "pympi", "ray"),
        *PICTURES,
    },
}
SPACE_MAY_IMPORT = {"gradio", "transformers", "torch", "av", "numpy", "PIL", "matplotlib", "spaces"}
IN_A_CHECKOUT = ("inference.py", "training_aullm.loading")
"""What opens the checkpoint that comes along; where the project is not installed it is never reached."""

MUST_BE_GUARDED = {("modeling_aullm", "peft"), ("space_app", "spaces"), ("training_aullm", "ray")}


@pytest.mark.parametrize("package", PACKAGES)
def test_each_package_imports_only_what_the_table_allows(package):
    wrong = []
    for path in python_files(package):
        for found in imports_of(path):
            root = found.target.split(".")[0]
            if root in sys.stdlib_module_names or root == package or root in MAY_IMPORT[package]:
                continue
            wrong.append(f"{path.relative_to(ROOT)}:{found.line} imports {found.target}")
    assert not wrong, (
        f"{package} may import {sorted(MAY_IMPORT[package])}, itself and the standard library\n" + "\n".join(wrong)
    )


def test_data_sets_take_only_what_reads_frames_from_the_processor():
    """One reader says what a frame number means; for the rest, tables are made without any face network."""
    taken = {}
    for path in python_files("dataset_scripts"):
        for found in imports_of(path):
            if found.target.split(".")[0] == "processing_aullm":
                taken.setdefault(path.relative_to(ROOT).as_posix(), set()).add(found.target)
    decoder = {f"processing_aullm.{name}_aullm" for name in ("video_file", "clip_error")}
    folders = {"processing_aullm.video_aullm"}
    assert taken == {"dataset_scripts/frames/video_clips.py": decoder, "dataset_scripts/takes.py": folders}


def test_the_space_is_a_user_like_any_other():
    """It stands alone in a repository of its own: its siblings are plain modules, our packages are not there."""
    files = python_files("space_app")
    siblings, wrong = {path.stem for path in files}, []
    for path in files:
        for found in imports_of(path):
            root = found.target.split(".")[0]
            if (path.name, found.target) == IN_A_CHECKOUT:
                continue
            if found.level or root not in sys.stdlib_module_names | siblings | SPACE_MAY_IMPORT:
                wrong.append(f"{path.relative_to(ROOT)}:{found.line} imports {found.target}")
    assert files and not wrong, f"space_app may import its siblings and {sorted(SPACE_MAY_IMPORT)}\n" + "\n".join(wrong)


def test_optional_packages_are_guarded_at_module_level():
    wrong = []
    for package, optional in MUST_BE_GUARDED:
        for path in python_files(package):
            for found in imports_of(path):
                if found.target.split(".")[0] == optional and (found.local or not found.guarded):
                    wrong.append(f"{path.relative_to(ROOT)}:{found.line} imports {found.target}")
    assert not wrong, (
        "write try/except ImportError at module level: the Hub's loader counts any other import\n" + "\n".join(wrong)
    )


@pytest.mark.parametrize("package", SHIPPED)
def test_travelling_code_is_flat_and_imports_siblings_by_from_dot_name(package):
    nested = [path for path in python_files(package) if path.parent != ROOT / package]
    assert not nested, f"the Hub copies one flat folder: {nested}"
    wrong = []
    for path in python_files(package):
        for found in imports_of(path):
            inside = found.target.split(".")[0] == package
            if inside and (found.level != 1 or found.target.count(".") != 1):
                wrong.append(f"{path.relative_to(ROOT)}:{found.line} imports {found.target} (level {found.level})")
    assert not wrong, "only `from .sibling import name` is followed when code is copied\n" + "\n".join(wrong)


def test_file_names_of_model_and_processor_differ():
    """Both land in one Hub folder, where a name can stand only once."""
    names = [path.name for package in SHIPPED for path in python_files(package) if path.name != "__init__.py"]
    assert sorted(names) == sorted(set(names))


def test_there_is_no_circle():
    assert not (circle := find_circle(import_graph())), " -> ".join(circle)


def test_a_circle_would_be_found():
    assert find_circle({"a": {"b"}, "b": {"c"}, "c": {"a"}}) == ["a", "b", "c", "a"]
    assert find_circle({"a": {"b", "c"}, "b": {"c"}, "c": set()}) == []


def test_guards_functions_and_relative_names_are_seen():
    source = textwrap.dedent(
        """
        from .sibling import name
        try:
            import peft
        except ImportError:
            peft = None
        def late():
            import torch.nn
        """
    )
    found = imports_in(source, "modeling_aullm.graph_aullm")
    assert {each.target: (each.level, each.guarded, each.local) for each in found} == {
        "modeling_aullm.sibling": (1, False, False),
        "peft": (0, True, False),
        "torch.nn": (0, False, True),
    }

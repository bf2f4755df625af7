"""Makes the images of the example cluster out of their recipes.

Usage: python -m tools.build_example_images [--into .cache/example-images]

Every recipe ``NAME.yaml`` of examples/images becomes the OCI layout ``NAME`` in the folder. The same recipes
give the same bytes on every machine, so that manifests may refer to an image by its digest.
"""

import argparse
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from tools.example_images.files import Installed, files_of
from tools.example_images.layout import (
    CONFIG_TYPE,
    LAYER_TYPE,
    MANIFEST_TYPE,
    Layout,
    config_of,
    tar_of,
    timestamp,
)
from tools.example_images.recipe import Recipe, read_recipe

ROOT = Path(__file__).parents[1]
RECIPES = ROOT / "examples" / "images"


@dataclass(frozen=True)
class Built:
    """An image: its layout, the descriptor of its manifest, its recipe."""

    recipe: Recipe
    layout: Layout
    manifest: dict[str, Any]

    @property
    def digest(self) -> str:
        """Of the manifest."""
        return str(self.manifest["digest"])


def main() -> None:
    """Builds all images and prints their references."""
    arguments = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    arguments.add_argument("--into", type=Path, default=ROOT / ".cache" / "example-images")
    for built in build_all(arguments.parse_args().into):
        print(f"{built.recipe.image}@{built.digest}")


def build_all(into: Path, recipes: Path = RECIPES) -> list[Built]:
    """Writes every image of a folder of recipes, each into a folder of its own."""
    found = []
    for path in sorted(recipes.glob("*.yaml")):
        built = build(read_recipe(path), recipes)
        built.layout.write(into / path.stem, built.manifest, built.recipe.image)
        found.append(built)
    return found


def build(recipe: Recipe, recipes: Path = RECIPES) -> Built:
    """An image in memory."""
    layout, installed = Layout(), Installed()
    layers: list[dict[str, Any]] = []
    history: list[dict[str, Any]] = []
    base = read_recipe(recipes / recipe.base) if recipe.base else None
    for part in (base, recipe) if base else (recipe,):
        layers += _add_layers(part, layout, installed)
        history += _history(part)
    config = layout.add_json(config_of(recipe.created, layers, history), CONFIG_TYPE)
    manifest = {
        "schemaVersion": 2,
        "mediaType": MANIFEST_TYPE,
        "config": config,
        "layers": layers,
        "annotations": _annotations(recipe.created, build(base, recipes) if base else None),
    }
    return Built(recipe, layout, layout.add_json(manifest, MANIFEST_TYPE))


def _add_layers(recipe: Recipe, layout: Layout, installed: Installed) -> list[dict[str, Any]]:
    descriptors = []
    for number, layer in enumerate(recipe.layers):
        files = files_of(layer, installed, {} if number else recipe.distribution)
        descriptors.append(layout.add(tar_of(files, recipe.created), LAYER_TYPE))
    return descriptors


def _history(recipe: Recipe) -> list[dict[str, Any]]:
    created = timestamp(recipe.created)
    steps: list[dict[str, Any]] = [{"created": created, "created_by": layer.step} for layer in recipe.layers]
    return [*steps, {"created": created, "created_by": recipe.ends_with, "empty_layer": True}]


def _annotations(created: datetime, base: Built | None) -> dict[str, str]:
    """When it was made, and what it stands on (the pre-defined keys of the OCI specification)."""
    prefix = "org.opencontainers.image"
    found = {f"{prefix}.created": timestamp(created)}
    if base:
        found[f"{prefix}.base.name"] = base.recipe.image
        found[f"{prefix}.base.digest"] = base.digest
    return found


if __name__ == "__main__":
    main()

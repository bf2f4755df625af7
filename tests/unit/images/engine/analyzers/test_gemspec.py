import pytest

from propolis.images.engine.analyzers import gemspec
from propolis.images.model.package import Package

SPECIFICATION = """\
# -*- encoding: utf-8 -*-
Gem::Specification.new do |s|
  s.name = "rack".freeze
  s.version = "2.0.1"
  s.licenses = ["MIT".freeze, "Ruby".freeze]
  s.add_dependency "x", version = "9"
end
"""


def test_literals_of_a_specification_are_read() -> None:
    found = gemspec.analyze("x.gemspec", SPECIFICATION.encode())
    assert found.packages == (Package("gem", "rack", "2.0.1", licences=("MIT", "Ruby")),)


@pytest.mark.parametrize(
    "text",
    ["", "puts 1", SPECIFICATION.replace('"2.0.1"', "Rack::VERSION"), SPECIFICATION.replace("rack", "")],
)
def test_what_would_have_to_be_run_is_no_package(text: str) -> None:
    assert gemspec.analyze("x.gemspec", text.encode()).packages == ()

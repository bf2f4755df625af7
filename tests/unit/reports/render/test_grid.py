import io

from rich.console import Console

from propolis.reports.render.grid import Grid, fitted, folded_lines


def shown(grid: Grid, width: int, **options: bool) -> str:
    target = io.StringIO()
    Console(file=target, width=width, color_system=None, **options).print(grid)  # type: ignore[arg-type]
    return target.getvalue()


def test_cells_stand_in_columns_and_long_ones_go_on_below() -> None:
    grid = Grid(("A", "Message"), [[("x", ""), ("one two three", "red")], [("longer", ""), ("four", "")]])
    assert shown(grid, 24) == (
        "┏━━━━━━━━┳━━━━━━━━━━━━━┓\n"
        "┃ A      ┃ Message     ┃\n"
        "┡━━━━━━━━╇━━━━━━━━━━━━━┩\n"
        "│ x      │ one two     │\n"
        "│        │ three       │\n"
        "│ longer │ four        │\n"
        "└────────┴─────────────┘\n"
    )


def test_wide_characters_count_as_two_columns() -> None:
    lines = shown(Grid(("A",), [[("蜂蜂", "")], [("abcd", "")]]), 40).splitlines()
    assert lines[3:5] == ["│ 蜂蜂 │", "│ abcd │"]


def test_styles_are_shown_where_there_is_colour() -> None:
    target = io.StringIO()
    console = Console(file=target, width=40, force_terminal=True, color_system="standard")
    console.print(Grid(("A",), [[("bad", "red")]]))
    assert "\x1b[31mbad\x1b[0m" in target.getvalue()


def test_markup_of_strangers_is_text() -> None:
    assert "[bold]x[/bold]" in shown(Grid(("A",), [[("[bold]x[/bold]", "")]]), 40)


def test_the_widest_columns_give_way() -> None:
    assert fitted([5, 50, 20], 200) == [5, 50, 20]
    assert fitted([5, 50, 20], 60) == [5, 25, 20]
    assert sum(fitted([5, 50, 60], 60)) == 50
    assert fitted([5, 50, 60], 10) == [5, 6, 6]


def test_texts_are_cut_between_words_and_within_long_ones() -> None:
    assert folded_lines("ab cd", 10) == ["ab cd"]
    assert folded_lines("ab cd efghijkl", 5) == ["ab cd", "efghi", "jkl"]
    assert folded_lines("ab\ncd", 5) == ["ab", "cd"]
    assert folded_lines("", 5) == [""]

import pytest
from textual.color import Color
from textual.theme import BUILTIN_THEMES, Theme

from asynclab.model.wording.glyphs import GLYPHS
from asynclab.widgets.colours import DARK, LEGIBLE, LIGHT, THEMES, contrast, legible, state_variables
from asynclab.widgets.spans import COLOURS
from asynclab.widgets.task_table import TaskTable
from tests.widgets.folded_labs import gather
from tests.widgets.view_stage import Stage, screen_lines

COLOURED = [theme for theme in (*THEMES, *BUILTIN_THEMES.values()) if not theme.ansi]
SIXTEEN = [theme for theme in BUILTIN_THEMES.values() if theme.ansi]


def ids(theme: Theme) -> str:
    return theme.name


@pytest.mark.parametrize("theme", COLOURED, ids=ids)
def test_every_colour_of_text_is_legible_on_all_that_text_stands_on(theme: Theme) -> None:
    variables = theme.to_color_system().generate() | state_variables(theme) | dict(theme.variables)
    for text in (*GLYPHS, "text", "past", "accent", "keyword"):
        for ground in ("background", "surface", "panel", "state-row"):
            ratio = contrast(Color.parse(variables[f"state-{text}"]), Color.parse(variables[ground]))
            assert ratio >= LEGIBLE - 0.05, (text, ground)
    for text, ground in (("cell-text", "cell"), ("step-text", "running"), ("step-text", "accent")):
        ratio = contrast(Color.parse(variables[f"state-{text}"]), Color.parse(variables[f"state-{ground}"]))
        assert ratio >= LEGIBLE - 0.05, (text, ground)


@pytest.mark.parametrize("theme", COLOURED, ids=ids)
def test_the_hue_of_a_state_is_the_same_in_every_theme(theme: Theme) -> None:
    variables = state_variables(theme)
    red, green, blue = (Color.parse(variables[f"state-{name}"]) for name in ("failed", "running", "waiting"))
    assert red.r > max(red.g, red.b)
    assert green.g > max(green.r, green.b)
    assert blue.b > max(blue.r, blue.g)


@pytest.mark.parametrize("theme", [*COLOURED, *SIXTEEN], ids=ids)
def test_no_two_states_look_the_same(theme: Theme) -> None:
    variables = state_variables(theme)
    apart = GLYPHS.keys() - ({"done"} if theme.ansi else set())  # sixteen colours have no quiet green for every ground
    assert len({variables[f"state-{name}"] for name in apart}) == len(apart)


@pytest.mark.parametrize("theme", SIXTEEN, ids=ids)
def test_sixteen_colours_are_the_terminals_own(theme: Theme) -> None:
    assert all(value.startswith("ansi_") for value in state_variables(theme).values())


@pytest.mark.parametrize("theme", [*COLOURED, *SIXTEEN], ids=ids)
def test_every_theme_has_every_variable(theme: Theme) -> None:
    assert set(state_variables(theme)) == set(state_variables(DARK)) >= {name[1:] for name in COLOURS.values()}


def test_a_theme_may_set_a_state_of_its_own() -> None:
    stage = Stage(TaskTable())
    assert stage.get_css_variables()["state-row"] == DARK.variables["state-row"]
    stage.theme = "asynclab-light"
    assert stage.get_css_variables()["state-row"] == LIGHT.variables["state-row"]


def test_a_colour_that_stands_out_is_left_as_it_is() -> None:
    assert legible(Color(255, 255, 255), Color(0, 0, 0)) == Color(255, 255, 255)


@pytest.mark.parametrize("theme", [*THEMES, *BUILTIN_THEMES.values()], ids=ids)
async def test_the_views_are_painted_in_every_theme(theme: Theme) -> None:
    table = TaskTable()
    stage = Stage(table)
    stage.theme = theme.name
    async with stage.run_test(size=(80, 8)):
        table.show(gather(), 1.24)
        colours = {segment.style.color for segment in table.render_line(1) if segment.style and segment.text.strip()}
        assert len(colours) > 2


async def test_without_colour_states_are_still_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    table = TaskTable()
    stage = Stage(table)
    async with stage.run_test(size=(80, 8)) as pilot:
        table.show(gather(), 1.24)
        table.select(3)
        await pilot.pause()
        screen = screen_lines(stage)
        assert "✓ done" in screen[3]
        assert "▌├ brew coffee   ◌ waiting" in screen[4]


async def test_a_new_theme_recolours_what_is_on_the_screen() -> None:
    table = TaskTable()
    stage = Stage(table)
    async with stage.run_test(size=(80, 8)) as pilot:
        table.show(gather(), 1.24)
        await pilot.pause()
        dark = table.render_line(1)
        stage.theme = "asynclab-light"
        await pilot.pause()
        light = table.render_line(1)
        assert light.text == dark.text
        assert [segment.style for segment in light] != [segment.style for segment in dark]

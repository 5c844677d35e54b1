"""What spans are painted with is made once, and not remembered without bound."""

from rich.style import Style

from asynclab.widgets.drawn import SPANS_REMEMBERED, Segments


def test_a_span_that_comes_again_is_painted_with_the_same_segment() -> None:
    asked: list[str] = []

    def style_of(part: str) -> Style:
        asked.append(part)
        return Style(bold=part == "running")

    segments = Segments(style_of)
    first = segments["██", "running"]
    assert (first.text, first.style) == ("██", Style(bold=True))
    assert segments["██", "running"] is first
    assert segments["█", "running"].text == "█"
    assert asked == ["running"]


def test_as_many_spans_are_remembered_as_there_is_room_for() -> None:
    segments = Segments(lambda part: Style.null())
    for number in range(3 * SPANS_REMEMBERED):
        assert segments[str(number), ""].text == str(number)
    assert len(segments) <= SPANS_REMEMBERED

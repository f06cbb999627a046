import math

import pytest

from widgets.spark import spark


@pytest.mark.parametrize(
    ("values", "width", "bars"),
    [
        ([], 5, ""),
        ([None, None], 5, "  "),
        ([0, 0, 0], 5, "▁▁▁"),
        ([0, 4, 8], 5, "▁▅█"),
        ([8, None, 8], 5, "█ █"),
        ([1, 2, 3, 4, 5, 6, 7, 8], 4, "▃▅▇█"),
        ([1, 9, 1, 1], 2, "█▁"),
        ([-4, 0, 4], 3, "▁▅█"),
        ([math.nan, math.inf, 1], 3, "  █"),
        ([-1.7e308, 1.7e308], 2, "▁█"),
        ([5e-324, 0], 2, "▁▁"),
        ([1, 2], 0, ""),
    ],
)
def test_spark(values: list[float | None], width: int, bars: str) -> None:
    assert spark(values, width) == bars


def test_ascii_twin() -> None:
    assert spark([0, 4, 8], 3, ascii=True) == "_+#"

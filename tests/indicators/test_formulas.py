"""A formula may name the figure of one area: `code.000000` is the nation's whatever area it is computed for."""

import pytest

from indicators.formulas import FormulaRefused, check_formula, split_reference
from tests.builders import make_area, make_indicator

pytestmark = pytest.mark.django_db


def test_a_reference_to_an_area_reads_the_indicator() -> None:
    make_area()
    money, share = make_indicator("money"), make_indicator("money_share", origin="derived")
    assert check_formula(share, "share(money, money.000000) * 100") == [money]
    assert split_reference("money.000000") == ("money", "000000")
    assert split_reference("rd.intensity") == ("rd.intensity", "")


@pytest.mark.parametrize(("text", "said"), [("money.999999 * 2", "999999"), ("gold.000000 * 2", "gold"), ("share2.000000 + 1", "share2")])
def test_what_is_not_there_is_refused_by_its_name(text: str, said: str) -> None:
    make_area()
    make_indicator("money")
    with pytest.raises(FormulaRefused, match=said):
        check_formula(make_indicator("derived", origin="derived"), text)


def test_an_indicator_does_not_read_itself_in_another_area() -> None:
    make_area()
    with pytest.raises(FormulaRefused, match="自己"):
        check_formula(make_indicator("own", origin="derived"), "own.000000 * 2")

"""Packages of extras: imported when needed, or named in one sentence."""

import pytest

from ganatomy.errors import UserError
from ganatomy.system.extras import needed


def test_a_missing_package_is_named_with_its_extra() -> None:
    assert needed("json", "web", "it").loads("1") == 1
    with pytest.raises(UserError, match=r"^The page needs no_such_package: pip install 'ganatomy\[web\]'\.$"):
        needed("no_such_package.part", "web", "The page")

"""Games that are played in a second."""

from ganatomy.web.offline.grid import GameGrid

SMALL = {"steps": 12, "pictures": 4, "width": 8}
GRID = GameGrid("ring", ["minimax", "wasserstein"], [2], [(1e-3, 5e-3)], [{}], [0, 1], SMALL)
LINE = GameGrid("two", ["non_saturating"], [1], [(1e-3, 5e-3)], [{"r1": 0.1}], [3], {**SMALL, "pictures": 2})

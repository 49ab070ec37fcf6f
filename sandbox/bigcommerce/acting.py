"""What every part of the box's Python API stands on."""

from sandbox.bigcommerce.state import Shop, State


class Acting:
    """Acts on a state; each act takes the lock."""

    state: State

    def _shop(self, store_hash: str | None) -> Shop:
        """The store of that hash; the first one where none is named.

        Raises:
            KeyError: the box has no such store.
        """
        return self.state.shops[store_hash or next(iter(self.state.shops))]

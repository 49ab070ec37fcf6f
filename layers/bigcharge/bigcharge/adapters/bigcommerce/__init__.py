"""BigCommerce over urllib3: the REST host, the payments host, and how their documents map to the domain."""

from bigcharge.adapters.bigcommerce.client import Client, connect
from bigcharge.adapters.bigcommerce.pacing import Pacing

__all__ = ["Client", "Pacing", "connect"]

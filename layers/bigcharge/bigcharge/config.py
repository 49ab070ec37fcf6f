"""The one place that reads the environment; `template.yaml` gives each function what it needs of it."""

import os
from typing import Final

from bigcharge.domain.errors import BigchargeError

DEFAULT_STAGE: Final = "dev"
API_URL: Final = "https://api.bigcommerce.com"
PAYMENTS_URL: Final = "https://payments.bigcommerce.com"


class ConfigError(BigchargeError):
    """A setting is missing."""


def _required(name: str) -> str:
    value = os.environ.get(name)
    if not value:
        raise ConfigError(f"the environment variable {name} is not set; template.yaml sets it for each function")
    return value


def stage() -> str:
    """The deployment's stage, part of the name of everything it owns."""
    return os.environ.get("STAGE") or DEFAULT_STAGE


def api_url() -> str:
    """Base URL of BigCommerce's REST API."""
    return os.environ.get("BIGCOMMERCE_API_URL") or API_URL


def payments_url() -> str:
    """Base URL of BigCommerce's Payments API."""
    return os.environ.get("BIGCOMMERCE_PAYMENTS_URL") or PAYMENTS_URL


def ledger_table() -> str:
    """Name of the ledger's table."""
    return _required("LEDGER_TABLE")


def instruments_table() -> str:
    """Name of the instruments' table."""
    return _required("INSTRUMENTS_TABLE")


def orders_queue_url() -> str:
    """URL of the orders queue."""
    return _required("ORDERS_QUEUE_URL")


def customers_queue_url() -> str:
    """URL of the customers queue."""
    return _required("CUSTOMERS_QUEUE_URL")


def stores_queue_url() -> str:
    """URL of the stores queue."""
    return _required("STORES_QUEUE_URL")


def hooks_queue_url() -> str:
    """URL of the queue of stores whose hooks are to be looked at."""
    return _required("HOOKS_QUEUE_URL")


def webhooks_url() -> str:
    """Where this stack takes webhooks."""
    return _required("WEBHOOKS_URL")


def walks_queue_url() -> str:
    """URL of the queue of stores whose instruments are being compared."""
    return _required("WALKS_QUEUE_URL")


def quarantine_queue_url() -> str:
    """URL of the quarantine queue."""
    return _required("QUARANTINE_QUEUE_URL")


def event_bus() -> str:
    """Name of the event bus."""
    return _required("EVENT_BUS_NAME")


def is_initializing_in_lambda() -> bool:
    """Whether Lambda is starting this process: what is built now is built once, on the start's full processor."""
    return "AWS_LAMBDA_INITIALIZATION_TYPE" in os.environ

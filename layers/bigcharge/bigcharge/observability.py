"""What is said of the work: structured logs with stable names, and metrics. Ids and states, nothing personal."""

import logging
from functools import cache
from typing import Final

from aws_lambda_powertools.logging import Logger
from aws_lambda_powertools.metrics import MetricUnit, single_metric

NAMESPACE: Final = "bigcharge"


@cache
def logger() -> Logger:
    """The function's logger; its level comes from POWERTOOLS_LOG_LEVEL."""
    # urllib3 warns of header lines that it cannot parse, and quotes them: what a server sends is not for a log.
    logging.getLogger("urllib3").setLevel(logging.ERROR)
    return Logger(service=NAMESPACE)


def count(name: str, number: int = 1, **dimensions: str) -> None:
    """Count in CloudWatch's embedded metric format.

    Args:
        name: of the metric.
        number: how many.
        dimensions: each set of values is a metric of its own, so only words of a short list.
    """
    with single_metric(name=name, unit=MetricUnit.Count, value=number, namespace=NAMESPACE) as metric:
        for dimension, value in dimensions.items():
            metric.add_dimension(name=dimension, value=value)

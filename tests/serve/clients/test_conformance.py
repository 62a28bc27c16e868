"""Our suite for the Open Inference Protocol, against our server: the policy and a network of the zoo."""

from __future__ import annotations

import conformance
import pytest
from conftest import MODEL, Served


@pytest.mark.parametrize("model", [MODEL, "linear"])
def test_conformance(served: Served, model: str) -> None:
    outcomes = conformance.run(f"http://{served.address}", model)
    assert [each for each in outcomes if each.verdict != "passed"] == []

"""Whatever the rules find, there is a sentence for it: the numbers they give are the numbers the words need."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

from rules.assess import assess
from rules.facts import Runner
from rules.policy import Policy
from rules.triage import triage
from rules.wording import finding_sentence, title


def load_vectors() -> ModuleType:
    """The histories of the vectors, from the file of their own tests."""
    path = Path(__file__).with_name("test_vectors.py")
    spec = importlib.util.spec_from_file_location("vectors_for_wording", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


VECTORS = load_vectors()


@pytest.mark.parametrize("vector", [*VECTORS.specified(), *VECTORS.own()], ids=lambda vector: vector["id"])
def test_every_finding_of_the_vectors_has_its_sentence_and_message(vector: dict[str, object]) -> None:
    history = VECTORS.history_of(vector)
    now = VECTORS.at(*vector["now"])  # type: ignore[misc]
    assessment = assess(history, Policy(), now)
    for finding in assessment.findings:
        for runner in (Runner(), Runner(miles=True)):
            assert finding_sentence(finding, runner).endswith(".")
        assert title(finding)
    for message in triage(assessment, history, (), Policy(), now):
        assert message.text
        assert message.decided_at == now

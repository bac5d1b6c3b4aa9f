"""Rows of table-driven tests."""

from __future__ import annotations

import pytest


def case(id: str, *values, local: str | None = None):
    """One row with a readable id. `local` says why DynamoDB Local answers this row otherwise than AWS."""
    marks = [pytest.mark.differs_from_dynamodb_local(local)] if local else []
    return pytest.param(*values, id=id, marks=marks)

"""A plan as versioned JSON. Pure."""

import dataclasses
import json
import re

from multiarch.plan.steps import Plan
from multiarch.text.plain import fields_of, plain

PLAN_VERSION = 1


def plan_as_json(plan: Plan) -> str:
    """Return the plan as versioned JSON; placeholders stand for what only AWS or the run can tell."""
    fields = {
        field.name: plain(getattr(plan, field.name)) for field in dataclasses.fields(plan) if field.name != "steps"
    }
    steps = [{"step": _kebab(type(step).__name__), **fields_of(step)} for step in plan.steps]
    return json.dumps({"version": PLAN_VERSION, "kind": "plan", **fields, "steps": steps}, indent=2)


def _kebab(name: str) -> str:
    return re.sub(r"(?<=.)([A-Z])", r"-\1", name).lower()

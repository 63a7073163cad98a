"""Runs a state machine on databases that begin empty, again and again."""

from collections.abc import Callable

from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test

from storage.database import Database


def run(
    machine: type[RuleBasedStateMachine],
    emptied: Callable[[], Database],
    *,
    examples: int,
    steps: int,
) -> None:
    """``machine`` gets ``emptied`` as its ``make_db``; PostgreSQL, being slow, fewer examples."""
    database = emptied()
    share = 1 if database.is_sqlite else 4
    database.dispose()
    run_state_machine_as_test(
        type("Run", (machine,), {"make_db": staticmethod(emptied)}),
        settings=settings(
            max_examples=examples // share,
            stateful_step_count=steps,
            suppress_health_check=list(HealthCheck),
        ),
    )

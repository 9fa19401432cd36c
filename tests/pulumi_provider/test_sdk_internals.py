"""What ``cancellation`` leans on in the SDK's provider process, and may change with any version.

Where one of these fails, an interrupt or a cancelled command would no longer stop the provider:
``reconciler/pulumi_provider/cancellation.py`` has to learn the new way before the SDK is raised.
"""

import ast
import importlib.util
import inspect
from concurrent import futures
from pathlib import Path

import grpc
import pytest

from reconciler.pulumi_provider import cancellation


@pytest.fixture(scope="module")
def process() -> ast.Module:
    """The code of the provider process, which runs when it is imported."""
    found = importlib.util.find_spec("pulumi.dynamic.__main__")
    assert found is not None
    assert found.origin is not None
    return ast.parse(Path(found.origin).read_text("utf-8"))


def function(nodes: list[ast.stmt], name: str) -> ast.FunctionDef:
    (found,) = (n for n in nodes if isinstance(n, ast.FunctionDef) and n.name == name)
    return found


def test_the_cancel_is_a_plain_method_that_ours_can_stand_in_for(process: ast.Module) -> None:
    (servicer,) = (
        node
        for node in process.body
        if isinstance(node, ast.ClassDef) and node.name == cancellation._SERVICER
    )
    cancel = function(servicer.body, "Cancel")
    names = list(inspect.signature(cancellation._cancel).parameters)
    assert [argument.arg for argument in cancel.args.args] == names
    assert cancel.decorator_list == []
    # A code that closes over nothing can only be replaced by another such code.
    assert cancellation._cancel.__code__.co_freevars == ()


def test_the_server_is_a_local_variable_of_main(process: ast.Module) -> None:
    main = function(process.body, "main")
    assigned = {
        target.id
        for node in ast.walk(main)
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    assert "server" in assigned


def test_the_pool_of_a_server_can_be_made_larger() -> None:
    pool = futures.ThreadPoolExecutor(max_workers=4)
    server = grpc.server(pool)
    assert server._state.thread_pool is pool
    assert pool._max_workers == 4
    pool.shutdown()


def test_the_main_thread_waits_as_long_as_the_server_serves(process: ast.Module) -> None:
    main = function(process.body, "main")
    (waits,) = (node for node in main.body if isinstance(node, ast.Try))
    assert ast.unparse(waits.body[0]) == "Event().wait()"

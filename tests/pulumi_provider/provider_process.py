"""The provider's own process, driven through its gRPC server without an engine.

A run may be acted in only under the command that opened it, so a stand-in for that command is the
parent of the provider, and of the language host under which a program opens the run.
"""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import grpc
from google.protobuf import json_format, struct_pb2
from pulumi.dynamic import ResourceProvider
from pulumi.dynamic.dynamic import serialize_provider
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc

from reconciler.pulumi_provider.provider import CalendarUserProvider

_HOST = "import subprocess, sys; sys.exit(subprocess.call(sys.argv[1:]))"
_PARENT = """
import subprocess, sys
opener = subprocess.Popen(sys.argv[2:], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
opener.stdout.readline()
provider = subprocess.Popen([sys.argv[1], "-u", "-m", "pulumi.dynamic", "127.0.0.1:1"],
                            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
print(provider.stdout.readline().decode().strip(), flush=True)
sys.stdin.read()
opener.stdin.close(); opener.wait()
provider.kill(); provider.wait()
"""
OPENER = """
import sys
from tests.pulumi_provider.opener import opened
with opened():
    print("open", flush=True)
    sys.stdin.read()
"""
NOBODY = "import sys; print('open', flush=True); sys.stdin.read()"


class Provider:
    """What an engine would call."""

    def __init__(
        self, stub: provider_pb2_grpc.ResourceProviderStub, kind: type[ResourceProvider]
    ) -> None:
        self._stub = stub
        self._pickled = serialize_provider(kind())

    def check(self, olds: Mapping[str, Any], news: Mapping[str, Any]) -> Any:
        request = provider_pb2.CheckRequest(olds=_struct(olds), news=self._with_provider(news))
        return self._stub.Check(request)

    def changed(self, olds: Mapping[str, Any], news: Mapping[str, Any]) -> bool:
        request = provider_pb2.DiffRequest(
            id="x", olds=self._with_provider(olds), news=self._with_provider(news)
        )
        answer = self._stub.Diff(request)
        assert list(answer.replaces) == []
        return bool(answer.changes == provider_pb2.DiffResponse.DIFF_SOME)

    def create(self, news: Mapping[str, Any]) -> dict[str, Any]:
        request = provider_pb2.CreateRequest(properties=self._with_provider(news))
        return _mapping(self._stub.Create(request).properties)

    def read(self, props: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
        request = provider_pb2.ReadRequest(id="x", properties=self._with_provider(props))
        answer = self._stub.Read(request)
        return answer.id, _mapping(answer.properties)

    def delete(self, props: Mapping[str, Any]) -> None:
        self._stub.Delete(provider_pb2.DeleteRequest(id="x", properties=self._with_provider(props)))

    def cancel(self) -> None:
        self._stub.Cancel(struct_pb2.Struct())

    def _with_provider(self, properties: Mapping[str, Any]) -> struct_pb2.Struct:
        return _struct({**properties, "__provider": self._pickled})


@contextmanager
def provider(
    folder: Path, opener: str = OPENER, kind: type[ResourceProvider] = CalendarUserProvider
) -> Iterator[Provider]:
    """A provider of ``kind`` beside a process that runs ``opener`` first."""
    command, host = folder.parent / "pulumi", folder.parent / "pulumi-language-python"
    for name in (command, host):
        if not name.exists():
            name.symlink_to(Path(sys.executable).resolve())
    program = [str(host), "-c", _HOST, sys.executable, "-c", opener]
    root = Path(__file__).parents[2]
    process = subprocess.Popen(
        [str(command), "-c", _PARENT, sys.executable, *program],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(root)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin
    assert process.stdout
    with process:
        port = process.stdout.readline().strip()
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            yield Provider(provider_pb2_grpc.ResourceProviderStub(channel), kind)
        process.stdin.close()
        process.wait()


def _struct(properties: Mapping[str, Any]) -> struct_pb2.Struct:
    struct = struct_pb2.Struct()
    struct.update(properties)
    return struct


def _mapping(struct: struct_pb2.Struct) -> dict[str, Any]:
    found: dict[str, Any] = json_format.MessageToDict(struct)
    return found

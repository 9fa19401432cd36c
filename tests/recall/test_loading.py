"""What is loaded with the client, in an interpreter of its own: every command waits for it."""

import subprocess
import sys

PROGRAM = """
import sys
from reconciler.recall.http_library import httpx
assert httpx.Request("GET", "https://recall.example.com").method == "GET"
print(*sorted({"httpx._main", "click", "rich", "pygments"} & sys.modules.keys()))
"""


def test_httpx_is_loaded_without_its_command_line() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True
    )
    assert ended.stdout == "\n"

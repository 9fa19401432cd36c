"""Starts one program and says what it took: ``python -I -S launcher.py COMMAND …``.

The peak memory of a process begins with that of whoever started it, so this one imports next to
nothing. It prints the seconds, the seconds of processor time, the peak in bytes and the status.
"""

import os
import sys
import time


def main() -> None:
    """Run the command to its end, with its output thrown away."""
    nothing = os.open(os.devnull, os.O_WRONLY)
    out = (os.POSIX_SPAWN_DUP2, nothing, 1)
    start = time.perf_counter()
    process = os.posix_spawnp(sys.argv[1], sys.argv[1:], os.environ, file_actions=[out])
    _, status, usage = os.wait4(process, 0)
    wall = time.perf_counter() - start
    peak = usage.ru_maxrss * 1024
    print(wall, usage.ru_utime + usage.ru_stime, peak, os.waitstatus_to_exitcode(status))


main()

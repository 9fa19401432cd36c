"""One ``reconciler plan`` that notes how long its parts take.

``python -m bench.phases STARTED NOTES ARGUMENT…`` runs the command line with these arguments and
writes :class:`bench.phase_notes.PhaseNotes` to the file ``NOTES``. ``STARTED`` is the moment at
which the process was started, on the machine's monotonic clock.
"""

import gc
import sys
import time
from importlib import import_module
from pathlib import Path


def main() -> None:
    """Run the command with every part under the stopwatch."""
    started, notes, arguments = float(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:]
    # Here, because how long this takes is one of the figures.
    from reconciler import cli  # noqa: PLC0415

    gc.set_threshold(cli.COLLECT_EVERY)
    from reconciler.cli import context, inputs  # noqa: PLC0415
    from reconciler.cli.commands import plan  # noqa: PLC0415

    import_module("reconciler.cli.app")
    imported = time.monotonic()
    from bench.phase_notes import Phase, PhaseNotes  # noqa: PLC0415
    from bench.stopwatch import Stopwatch  # noqa: PLC0415
    from reconciler.engine.output_file import OutputFile  # noqa: PLC0415
    from reconciler.planning import planner  # noqa: PLC0415

    watch = Stopwatch()
    watch.add(Phase.START, imported - started)
    watch.time(Phase.YAML, inputs, "load")
    watch.time(Phase.LIST, inputs, "list_users")
    watch.time(Phase.DIFF, plan, "preview")
    watch.time(Phase.FILE, planner, "desired_digest")
    watch.time(Phase.FILE, plan, "encode_plan")
    watch.time(Phase.FILE, OutputFile, "write")
    watch.time(Phase.RENDERING, context, "render")
    sys.argv = ["reconciler", *arguments]
    try:
        cli.main()
    finally:
        PhaseNotes(watch.seconds).save(notes)


if __name__ == "__main__":
    main()

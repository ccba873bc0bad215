"""The process to which something happens: trains or resumes in a folder, as the command line does.

Without the command line, which takes longer to start.
"""

import json
import os
import signal
import sys
from collections.abc import Callable
from typing import Any


def main(verb: str, folder: str, options: str, strike: str) -> int:
    """Return the exit code, after a line on stderr if it is not 0."""
    from neurotrain.errors import NeurotrainError
    from neurotrain.training.trainer import resume, train

    if int(strike) >= 0:
        kill_before_call(int(strike))
    try:
        if verb == "resume":
            resume(folder, progress=False)
        else:
            train(out=folder, progress=False, **json.loads(options))
    except KeyboardInterrupt as interrupt:
        print(interrupt, file=sys.stderr)
        return 130
    except NeurotrainError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    return 0


def kill_before_call(number: int) -> None:
    """Let the process be killed before so many calls that change files."""
    left = [number]

    def striking(call: Callable[..., Any]) -> Callable[..., Any]:
        def struck(*arguments: Any, **options: Any) -> Any:
            if left[0] == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            left[0] -= 1
            return call(*arguments, **options)

        return struck

    for name in ("fsync", "link", "replace", "truncate", "unlink"):
        setattr(os, name, striking(getattr(os, name)))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

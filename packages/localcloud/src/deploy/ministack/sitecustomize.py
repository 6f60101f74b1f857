"""Python imports this by itself when the folder stands in PYTHONPATH. It does something only in the process `python -m ministack`."""

import sys

if sys.orig_argv[1:3] == ["-m", "ministack"]:
    from holdfast_ministack import watch_imports

    watch_imports()

"""Background work: lanes, projector, jobs, rescue. `lanes.py` sends, `loops.py` keeps everything turning."""

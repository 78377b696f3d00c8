"""From ``service.yaml`` to Amazon States Language, in passes over plain data.

    read ─▶ normalise ─▶ prove ─▶ compile ─▶ lint ─▶ draw ─▶ write
    text    lines kept   service   definitions       diagrams  or tell the drift

Each pass is a function of values and can be tested alone. A pass that finds something wrong gives `Finding`s, each
with file, line and what to do; the row stops after the first pass that has any.
"""

"""Rules with terms taken away, as if notes were written in words that no rule knows."""

from __future__ import annotations

import json
import random
import shutil
from pathlib import Path


def thin_rules(source: Path, target: Path, share: float, seed: int) -> int:
    """Copy a folder of rule files, with a share of the terms of ``targets/`` taken away.

    Every term is as likely to go, a rule's first literal and its variants alike; a rule
    without any left goes whole.

    Parameters
    ----------
    source, target
        The folder of rule files, and where its copy goes (it must not be there yet).
    share
        How likely a term is taken away.
    seed
        For the drawing of lots.

    Returns
    -------
    int
        How many terms were taken away.
    """
    shutil.copytree(source, target)
    chance = random.Random(seed)
    gone = 0
    for path in sorted((target / "targets").glob("*.json")):
        data = json.loads(path.read_text(encoding="utf-8"))
        rules = []
        for rule in data["target_rules"]:
            metadata = rule["metadata"]
            terms = [rule["literal"], *metadata.get("variants", ())]
            left = [term for term in terms if chance.random() >= share]
            gone += len(terms) - len(left)
            if not left:
                continue
            rule["literal"] = left[0]
            metadata.pop("variants", None)
            if left[1:]:
                metadata["variants"] = left[1:]
            rules.append(rule)
        data["target_rules"] = rules
        path.write_text(json.dumps(data, ensure_ascii=False), encoding="utf-8")
    return gone

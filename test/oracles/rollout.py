"""Expected numbers for shared/rollout/hypergeometric.ts, by SciPy:

    python3 -m venv out/oracles && out/oracles/bin/pip install scipy==1.17.1
    out/oracles/bin/python test/oracles/rollout.py > test/oracles/rollout.json
"""

import json

from scipy.stats import hypergeom, nchypergeom_fisher

# candidate, production, events
MARGINS = [
    (1, 1, 1),
    (1, 99, 3),
    (10, 990, 12),
    (50, 50, 30),
    (7, 5, 9),
    (250, 750, 40),
    (2000, 3000, 1500),
]
ODDS = [0.25, 1, 1.5, 3, 12]


def case(candidate, production, events, odds):
    # SciPy: of M objects, n are of the first kind, N are drawn.
    law = nchypergeom_fisher(candidate + production, candidate, events, odds)
    least, most = max(0, events - production), min(candidate, events)
    middle = round(float(law.mean()))
    counts = sorted({x for x in (least, middle, middle + 2, most) if least <= x <= most})
    return {
        "margins": {"candidate": candidate, "production": production, "events": events},
        "odds": odds,
        "mean": float(law.mean()),
        "variance": float(law.var()),
        # Where the probability is so small that SciPy's own sum is rounded, it is left out.
        "logs": [[x, float(law.logpmf(x))] for x in counts if law.logpmf(x) > -25],
    }


def central(candidate, production, events):
    law = hypergeom(candidate + production, candidate, events)
    return [[x, float(law.logpmf(x))] for x in range(max(0, events - production), min(candidate, events, 60) + 1)]


print(
    json.dumps(
        {
            "fisher": [case(*margins, odds) for margins in MARGINS for odds in ODDS],
            "central": [{"margins": dict(zip(("candidate", "production", "events"), m)), "logs": central(*m)} for m in MARGINS],
        },
        indent=1,
    )
)

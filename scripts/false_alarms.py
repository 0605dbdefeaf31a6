"""Count false alarms of the checks: ``python scripts/false_alarms.py --sensors 200 --seed 0``.

``--of rates`` counts the warnings and errors of dark_rate instead, ``--of report`` what a report notes, doubts or
leaves out.

Each sensor is simulated, and nothing is wrong with its frames (tests/report/healthy_sensors.py): all presets, sizes of
128 to 1024, few frames and many, with hot and telegraph pixels, glow, cosmic rays and a drift of up to 1 adu; in files
and in memory. What is wrong or doubtful is printed with its sensor. The exit status is 1 if a check calls one of them
wrong, or more than one in a hundred doubtful.
"""

import argparse
import sys
import tempfile
import warnings
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from astropy.utils.exceptions import AstropyUserWarning
from tqdm import tqdm

from tests.report.healthy_sensors import HealthySensor, alarms, tally

MOST_DOUBTFUL = 0.01


def main():
    """Check the sensors and print what was found."""
    parser = argparse.ArgumentParser(description=__doc__.split(":")[0])
    parser.add_argument("--sensors", type=int, default=200, metavar="N", help="how many (%(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="of the first one; the others follow (%(default)s)")
    parser.add_argument("--largest", type=int, default=1024, help="most rows and columns (%(default)s)")
    parser.add_argument("--of", choices=("checks", "rates", "report"), default="checks", help="default: %(default)s")
    given = parser.parse_args()
    # What master_bias warns of is no alarm of a check.
    warnings.simplefilter("ignore", AstropyUserWarning)
    found, unknown = [], 0
    for seed in tqdm(range(given.seed, given.seed + given.sensors), unit="sensor"):
        sensor = HealthySensor(seed, given.largest)
        with tempfile.TemporaryDirectory() as folder:
            if given.of == "checks":
                table = sensor.checks(Path(folder))
                found.append(alarms(table))
                unknown += int((table["verdict"] == "unknown").sum())
            else:
                look = sensor.rate_alarms if given.of == "rates" else sensor.report_alarms
                found.append(look(Path(folder)))
        for check, verdict, sentence in found[-1]:
            tqdm.write(f"{verdict}: {check}: {sentence}\n    {sensor}", file=sys.stdout)
            sys.stdout.flush()
    counts, most = tally(found), MOST_DOUBTFUL * given.sensors
    cannot = f"; {unknown / given.sensors:.1f} checks of each cannot tell" if given.of == "checks" else ""
    print(f"{given.of} of {given.sensors} sensors{cannot}")
    for (check, verdict), number in sorted(counts.items()):
        print(f"  {check}: {number} {verdict}")
    bad = [check for (check, verdict), number in counts.items() if verdict == "wrong" or number > most]
    print(
        f"too many: {', '.join(sorted(set(bad)))}" if bad else "within the bar: none wrong, one in a hundred doubtful"
    )
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())

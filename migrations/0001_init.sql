-- The ledger. Times are UTC milliseconds, energy mJ, carbon mg CO2e, intensity mg/kWh. Rules: migrations/README.md.

CREATE TABLE meta (
  key   TEXT PRIMARY KEY,
  value ANY NOT NULL
) STRICT, WITHOUT ROWID;

-- Columns are what lists filter by and what people sort by; all else of a job is in `runtime`.
CREATE TABLE jobs (
  id           INTEGER PRIMARY KEY,
  uid          TEXT    NOT NULL,
  owner_uid    INTEGER NOT NULL,
  owner_name   TEXT    NOT NULL,
  project      TEXT    NOT NULL,
  name         TEXT    NOT NULL,
  state        INTEGER NOT NULL,
  submitted_at INTEGER NOT NULL,
  updated_at   INTEGER NOT NULL,
  started_at   INTEGER,
  ended_at     INTEGER,
  version      INTEGER NOT NULL,
  settled      INTEGER NOT NULL DEFAULT 0,
  runtime      TEXT    NOT NULL
) STRICT;

-- A list is a merge over states, each a walk down one of these; see daemon/store/queries.cpp.
CREATE INDEX jobs_state   ON jobs (state, id);
CREATE INDEX jobs_project ON jobs (project, state, id);
CREATE INDEX jobs_owner   ON jobs (owner_name, state, id);
CREATE INDEX jobs_name    ON jobs (name, state, id);
CREATE INDEX jobs_lookup  ON jobs (name, project, owner_uid, id);
CREATE INDEX jobs_submitted ON jobs (submitted_at, id);
-- A start of the daemon costs live rows only.
CREATE INDEX jobs_live      ON jobs (id) WHERE state <= 4;
CREATE INDEX jobs_unsettled ON jobs (id) WHERE state >= 5 AND settled = 0;

-- Written once.
CREATE TABLE job_specs (
  job  INTEGER PRIMARY KEY REFERENCES jobs (id),
  spec TEXT NOT NULL
) STRICT;

CREATE TABLE events (
  sequence  INTEGER PRIMARY KEY,
  at        INTEGER NOT NULL,
  job       INTEGER NOT NULL,
  project   TEXT    NOT NULL,
  owner_uid INTEGER NOT NULL,
  kind      INTEGER NOT NULL,
  state     INTEGER NOT NULL,
  reason    INTEGER NOT NULL,
  message   TEXT    NOT NULL
) STRICT;
CREATE INDEX events_job ON events (job, sequence);

CREATE TABLE requests (
  owner_uid  INTEGER NOT NULL,
  request_id TEXT    NOT NULL,
  hash       TEXT    NOT NULL,
  jobs       TEXT    NOT NULL,
  at         INTEGER NOT NULL,
  PRIMARY KEY (owner_uid, request_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX requests_at ON requests (at);

-- Energy of equal interval, device and quality is one row; `devices` then counts all of them.
CREATE TABLE slices (
  job      INTEGER NOT NULL,
  begin_at INTEGER NOT NULL,
  end_at   INTEGER NOT NULL,
  attempt  INTEGER NOT NULL,
  device   INTEGER NOT NULL,
  quality  INTEGER NOT NULL,
  energy   INTEGER NOT NULL,
  devices  INTEGER NOT NULL,
  PRIMARY KEY (job, begin_at, end_at, attempt, device, quality)
) STRICT, WITHOUT ROWID;

-- Reading progress of segments whose journal was not read to the end.
CREATE TABLE meters (
  job     INTEGER NOT NULL,
  attempt INTEGER NOT NULL,
  launch  INTEGER NOT NULL,
  meter   TEXT    NOT NULL,
  PRIMARY KEY (job, attempt, launch)
) STRICT, WITHOUT ROWID;

-- `latest` is the newest reply whole, so that a dead feed is bridged after a restart.
CREATE TABLE signal_sources (
  id          INTEGER PRIMARY KEY,
  zone        TEXT    NOT NULL,
  provider    TEXT    NOT NULL,
  kind        INTEGER NOT NULL,
  rank        INTEGER NOT NULL,
  source      TEXT    NOT NULL,
  received_at INTEGER NOT NULL,
  latest      TEXT    NOT NULL,
  UNIQUE (zone, provider, kind)
) STRICT;

-- Past figures. A changed figure is a new revision; the newest one counts.
CREATE TABLE signal_points (
  source      INTEGER NOT NULL REFERENCES signal_sources (id),
  begin_at    INTEGER NOT NULL,
  revision    INTEGER NOT NULL,
  end_at      INTEGER NOT NULL,
  value       INTEGER NOT NULL,
  state       INTEGER NOT NULL,
  received_at INTEGER NOT NULL,
  PRIMARY KEY (source, begin_at, revision)
) STRICT, WITHOUT ROWID;

CREATE TABLE forecast_issues (
  source      INTEGER NOT NULL REFERENCES signal_sources (id),
  issued_at   INTEGER NOT NULL,
  received_at INTEGER NOT NULL,
  points      TEXT    NOT NULL,
  PRIMARY KEY (source, issued_at)
) STRICT;

-- Footprints of ended jobs, made for sums. Can be recomputed from slices and signal figures.
CREATE TABLE footprints (
  job            INTEGER PRIMARY KEY REFERENCES jobs (id),
  project        TEXT    NOT NULL,
  owner_name     TEXT    NOT NULL,
  name           TEXT    NOT NULL,
  ended_at       INTEGER NOT NULL,
  day            TEXT    NOT NULL,
  run_ms         INTEGER NOT NULL,
  unknown_ms     INTEGER NOT NULL,
  provisional    INTEGER NOT NULL
) STRICT;
CREATE INDEX footprints_project ON footprints (project, job);
CREATE INDEX footprints_owner   ON footprints (owner_name, job);
CREATE INDEX footprints_ended   ON footprints (ended_at, job);
CREATE INDEX footprints_provisional ON footprints (ended_at, job) WHERE provisional = 1;

CREATE TABLE footprint_parts (
  job     INTEGER NOT NULL REFERENCES footprints (job),
  device  INTEGER NOT NULL,
  quality INTEGER NOT NULL,
  energy  INTEGER NOT NULL,
  PRIMARY KEY (job, device, quality)
) STRICT, WITHOUT ROWID;

-- One row per kind of signal; priced energy by state of the intensity in the five columns of PointState.
CREATE TABLE footprint_books (
  job         INTEGER NOT NULL REFERENCES footprints (job),
  kind        INTEGER NOT NULL,
  source      TEXT,
  carbon      INTEGER NOT NULL,
  priced      INTEGER NOT NULL,
  unpriced    INTEGER NOT NULL,
  actual      INTEGER NOT NULL,
  estimated   INTEGER NOT NULL,
  forecast    INTEGER NOT NULL,
  climatology INTEGER NOT NULL,
  constant    INTEGER NOT NULL,
  baseline    INTEGER,
  PRIMARY KEY (job, kind)
) STRICT, WITHOUT ROWID;

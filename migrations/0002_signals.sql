-- Signals for the long run: issued forecasts as packed points, and what the forecasters learned.

-- No release has shipped with forecast_issues, so its rows are not carried over.
DROP TABLE forecast_issues;

-- Every issue, appended and never rewritten but by thinning (daemon/store/history.hpp). `points` as written by
-- encode_points() in daemon/store/codec.hpp.
CREATE TABLE forecasts (
  source      INTEGER NOT NULL REFERENCES signal_sources (id),
  issued_at   INTEGER NOT NULL,
  received_at INTEGER NOT NULL,
  thinned     INTEGER NOT NULL DEFAULT 0,
  points      BLOB    NOT NULL,
  PRIMARY KEY (source, issued_at, received_at)
) STRICT;
-- Thinning looks only at what is left to thin.
CREATE INDEX forecasts_full ON forecasts (issued_at) WHERE thinned = 0;

-- What the forecaster of a zone and kind had learned before hour `next_hour`; the newest one only.
CREATE TABLE forecasters (
  zone      TEXT    NOT NULL,
  kind      INTEGER NOT NULL,
  provider  TEXT    NOT NULL,
  next_hour INTEGER NOT NULL,
  bytes     BLOB    NOT NULL,
  PRIMARY KEY (zone, kind)
) STRICT;

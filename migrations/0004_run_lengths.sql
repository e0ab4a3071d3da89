-- How long jobs of one owner and name ran, and what they stated: pairs of milliseconds, newest last, 0 where
-- nothing was stated; see daemon/core/run_lengths.hpp.
CREATE TABLE run_lengths (
  owner_uid INTEGER NOT NULL,
  name      TEXT    NOT NULL,
  at        INTEGER NOT NULL,
  runs      TEXT    NOT NULL,
  PRIMARY KEY (owner_uid, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX run_lengths_at ON run_lengths (at);

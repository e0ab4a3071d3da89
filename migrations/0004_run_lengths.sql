-- How long jobs of one owner and name ran, as parts of what they stated; see daemon/core/run_lengths.hpp.
CREATE TABLE run_lengths (
  owner_uid INTEGER NOT NULL,
  name      TEXT    NOT NULL,
  at        INTEGER NOT NULL,
  parts     TEXT    NOT NULL,
  PRIMARY KEY (owner_uid, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX run_lengths_at ON run_lengths (at);

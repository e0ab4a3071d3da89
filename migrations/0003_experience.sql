-- What forecasters learned, for each feed that taught: one that is removed, replaced or silent takes nothing
-- of what others taught with it, and finds its own again when it is back.
CREATE TABLE lessons (
  zone      TEXT    NOT NULL,
  kind      INTEGER NOT NULL,
  provider  TEXT    NOT NULL,
  next_hour INTEGER NOT NULL,
  bytes     BLOB    NOT NULL,
  PRIMARY KEY (zone, kind, provider)
) STRICT;
INSERT INTO lessons SELECT zone, kind, provider, next_hour, bytes FROM forecasters;
DROP TABLE forecasters;
ALTER TABLE lessons RENAME TO forecasters;

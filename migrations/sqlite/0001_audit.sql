-- The audit log: leaves, full tiles, checkpoints and their signatures. INSERT only, but for the
-- head. The tree and the checkpoints kept elsewhere are the proof; these triggers are the rail.
-- One log is one facility's; `log` is its origin line. Hashes are 32 bytes, times microseconds UTC.

-- A projection: one row per log, locked first by every write transaction, moved last.
CREATE TABLE audit_head(
  log TEXT PRIMARY KEY CHECK(log <> ''),
  epoch INTEGER NOT NULL CHECK(epoch >= 1),
  size INTEGER NOT NULL CHECK(size >= 0),
  frontier BLOB NOT NULL CHECK(length(frontier) % 32 = 0 AND length(frontier) <= 64 * 32)
) STRICT, WITHOUT ROWID;

-- WITHOUT ROWID: a hidden rowid is one more key that INSERT OR REPLACE can hit.
CREATE TABLE audit(
  log TEXT NOT NULL REFERENCES audit_head(log),
  seq INTEGER NOT NULL CHECK(seq >= 0),
  leaf BLOB NOT NULL CHECK(length(leaf) BETWEEN 1 AND 65535),
  leaf_hash BLOB NOT NULL CHECK(length(leaf_hash) = 32),
  PRIMARY KEY(log, seq)
) STRICT;

-- 256 hashes of a full C2SP tile; tile_index counts the tiles of a level from the left.
CREATE TABLE audit_tile(
  log TEXT NOT NULL REFERENCES audit_head(log),
  tile_level INTEGER NOT NULL CHECK(tile_level BETWEEN 0 AND 7),
  tile_index INTEGER NOT NULL CHECK(tile_index >= 0),
  hashes BLOB NOT NULL CHECK(length(hashes) = 256 * 32),
  PRIMARY KEY(log, tile_level, tile_index)
) STRICT, WITHOUT ROWID;

-- Written before it is signed, so that two roots of one size cannot be signed.
-- body: the exact text that is signed (origin, size, root, extension lines).
CREATE TABLE checkpoint(
  log TEXT NOT NULL REFERENCES audit_head(log),
  size INTEGER NOT NULL CHECK(size >= 0),
  root BLOB NOT NULL CHECK(length(root) = 32),
  body TEXT NOT NULL CHECK(body <> ''),
  made_at INTEGER NOT NULL,
  PRIMARY KEY(log, size)
) STRICT, WITHOUT ROWID;

-- A signature line below a checkpoint: the log's own and the witnesses'.
-- signature: what follows the key id on the line (a witness's starts with its time).
CREATE TABLE cosignature(
  log TEXT NOT NULL,
  size INTEGER NOT NULL,
  signer TEXT NOT NULL CHECK(signer <> ''),
  key_id BLOB NOT NULL CHECK(length(key_id) = 4),
  signature BLOB NOT NULL CHECK(length(signature) BETWEEN 1 AND 8192),
  received_at INTEGER NOT NULL,
  PRIMARY KEY(log, size, signer, key_id),
  FOREIGN KEY(log, size) REFERENCES checkpoint(log, size)
) STRICT, WITHOUT ROWID;

-- A seq that is there already is never the next one, so this refuses INSERT OR REPLACE too, which
-- removes conflicting rows without firing DELETE triggers unless recursive_triggers = ON.
CREATE TRIGGER audit_dense BEFORE INSERT ON audit
  WHEN NOT EXISTS(SELECT 1 FROM audit_head WHERE log = NEW.log)
    OR NEW.seq <> (SELECT coalesce(max(seq) + 1, 0) FROM audit WHERE log = NEW.log)
  BEGIN SELECT RAISE(ABORT, 'audit: unknown log, or seq not dense'); END;
CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit
  BEGIN SELECT RAISE(ABORT, 'audit: append-only'); END;
CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit
  BEGIN SELECT RAISE(ABORT, 'audit: append-only'); END;

-- The head only goes forward and stays in step with the leaves: leaves first, then the head.
CREATE TRIGGER audit_head_step BEFORE UPDATE ON audit_head
  WHEN NEW.log <> OLD.log OR NEW.epoch < OLD.epoch
    OR NEW.size <> (SELECT coalesce(max(seq) + 1, 0) FROM audit WHERE log = OLD.log)
  BEGIN SELECT RAISE(ABORT, 'audit_head: not in step with its leaves'); END;
CREATE TRIGGER audit_head_new BEFORE INSERT ON audit_head
  WHEN NEW.size <> 0 OR EXISTS(SELECT 1 FROM audit_head WHERE log = NEW.log)
  BEGIN SELECT RAISE(ABORT, 'audit_head: a log starts empty, once'); END;
CREATE TRIGGER audit_head_no_delete BEFORE DELETE ON audit_head
  BEGIN SELECT RAISE(ABORT, 'audit_head: kept'); END;

CREATE TRIGGER audit_tile_no_replace BEFORE INSERT ON audit_tile
  WHEN EXISTS(SELECT 1 FROM audit_tile WHERE log = NEW.log
    AND tile_level = NEW.tile_level AND tile_index = NEW.tile_index)
  BEGIN SELECT RAISE(ABORT, 'audit_tile: append-only (replace)'); END;
CREATE TRIGGER audit_tile_no_update BEFORE UPDATE ON audit_tile
  BEGIN SELECT RAISE(ABORT, 'audit_tile: append-only'); END;
CREATE TRIGGER audit_tile_no_delete BEFORE DELETE ON audit_tile
  BEGIN SELECT RAISE(ABORT, 'audit_tile: append-only'); END;

-- These two are written with ON CONFLICT DO NOTHING, so a row that is there already stays and the
-- new one is passed over, whatever the statement's own conflict clause says.
CREATE TRIGGER checkpoint_no_replace BEFORE INSERT ON checkpoint
  WHEN EXISTS(SELECT 1 FROM checkpoint WHERE log = NEW.log AND size = NEW.size)
  BEGIN SELECT RAISE(IGNORE); END;
CREATE TRIGGER checkpoint_no_update BEFORE UPDATE ON checkpoint
  BEGIN SELECT RAISE(ABORT, 'checkpoint: append-only'); END;
CREATE TRIGGER checkpoint_no_delete BEFORE DELETE ON checkpoint
  BEGIN SELECT RAISE(ABORT, 'checkpoint: append-only'); END;

CREATE TRIGGER cosignature_no_replace BEFORE INSERT ON cosignature
  WHEN EXISTS(SELECT 1 FROM cosignature WHERE log = NEW.log AND size = NEW.size
    AND signer = NEW.signer AND key_id = NEW.key_id)
  BEGIN SELECT RAISE(IGNORE); END;
CREATE TRIGGER cosignature_no_update BEFORE UPDATE ON cosignature
  BEGIN SELECT RAISE(ABORT, 'cosignature: append-only'); END;
CREATE TRIGGER cosignature_no_delete BEFORE DELETE ON cosignature
  BEGIN SELECT RAISE(ABORT, 'cosignature: append-only'); END;

-- The audit log: leaves, full tiles, checkpoints and their signatures. INSERT only, but for the
-- head. The tree and the checkpoints kept elsewhere are the proof; these triggers are the rail.
-- One log is one facility's; `log` is its origin line. Hashes are 32 bytes, times microseconds UTC.
--
-- One ordinary user may run everything: no roles are made here. Where a home keeps an owner apart
-- from the service's user, grant the service SELECT, INSERT on these tables and SELECT, INSERT,
-- UPDATE(epoch, size, frontier) on audit_head. The tables live in the schema that is first in the
-- search path when this runs; the triggers find them by TG_TABLE_SCHEMA, not by the caller's path.

-- A projection: one row per log. Its row lock is the only lock between writers of one log.
CREATE TABLE audit_head(
  log text COLLATE "C" PRIMARY KEY CHECK(log <> ''),
  epoch bigint NOT NULL CHECK(epoch >= 1),
  size bigint NOT NULL CHECK(size >= 0),
  frontier bytea NOT NULL
    CHECK(octet_length(frontier) % 32 = 0 AND octet_length(frontier) <= 64 * 32)
);

CREATE TABLE audit(
  log text COLLATE "C" NOT NULL REFERENCES audit_head(log),
  seq bigint NOT NULL CHECK(seq >= 0),
  leaf bytea NOT NULL CHECK(octet_length(leaf) BETWEEN 1 AND 65535),
  leaf_hash bytea NOT NULL CHECK(octet_length(leaf_hash) = 32),
  PRIMARY KEY(log, seq)
);

-- 256 hashes of a full C2SP tile; tile_index counts the tiles of a level from the left.
CREATE TABLE audit_tile(
  log text COLLATE "C" NOT NULL REFERENCES audit_head(log),
  tile_level bigint NOT NULL CHECK(tile_level BETWEEN 0 AND 7),
  tile_index bigint NOT NULL CHECK(tile_index >= 0),
  hashes bytea NOT NULL CHECK(octet_length(hashes) = 256 * 32),
  PRIMARY KEY(log, tile_level, tile_index)
);

-- Written before it is signed, so that two roots of one size cannot be signed.
-- body: the exact text that is signed (origin, size, root, extension lines).
CREATE TABLE checkpoint(
  log text COLLATE "C" NOT NULL REFERENCES audit_head(log),
  size bigint NOT NULL CHECK(size >= 0),
  root bytea NOT NULL CHECK(octet_length(root) = 32),
  body text NOT NULL CHECK(body <> ''),
  made_at bigint NOT NULL,
  PRIMARY KEY(log, size)
);

-- A signature line below a checkpoint: the log's own and the witnesses'.
-- signature: what follows the key id on the line (a witness's starts with its time).
CREATE TABLE cosignature(
  log text COLLATE "C" NOT NULL,
  size bigint NOT NULL,
  signer text COLLATE "C" NOT NULL CHECK(signer <> ''),
  key_id bytea NOT NULL CHECK(octet_length(key_id) = 4),
  signature bytea NOT NULL CHECK(octet_length(signature) BETWEEN 1 AND 8192),
  received_at bigint NOT NULL,
  PRIMARY KEY(log, size, signer, key_id),
  FOREIGN KEY(log, size) REFERENCES checkpoint(log, size)
);

CREATE FUNCTION fact_deny() RETURNS trigger LANGUAGE plpgsql
  SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RAISE EXCEPTION '%: append-only (%)', TG_TABLE_NAME, TG_OP USING ERRCODE = 'restrict_violation';
END$$;

-- Once for each INSERT statement, over the rows it brought: they continue the log without a gap.
-- A look at each row would cost a query a leaf; leaves come many to a statement.
CREATE FUNCTION audit_dense() RETURNS trigger LANGUAGE plpgsql
  SET search_path = pg_catalog, pg_temp AS $$
DECLARE gap text;
BEGIN
  -- Held already by a correct writer: it locks the head first.
  EXECUTE format('SELECT 1 FROM %I.audit_head WHERE log IN (SELECT log FROM fresh) FOR UPDATE',
    TG_TABLE_SCHEMA);
  EXECUTE format('SELECT b.log FROM (SELECT log, min(seq) AS first, max(seq) AS last, count(*) AS n
      FROM fresh GROUP BY log) b
    WHERE NOT EXISTS(SELECT 1 FROM %1$I.audit_head h WHERE h.log = b.log)
      OR b.last - b.first + 1 <> b.n OR b.first <> (SELECT coalesce(max(a.seq) + 1, 0)
      FROM %1$I.audit a WHERE a.log = b.log AND a.seq < b.first) LIMIT 1', TG_TABLE_SCHEMA) INTO gap;
  IF gap IS NOT NULL THEN RAISE EXCEPTION 'audit: unknown log, or seq not dense: %', gap; END IF;
  RETURN NULL;
END$$;

-- The head only goes forward and stays in step with the leaves: leaves first, then the head.
CREATE FUNCTION audit_head_step() RETURNS trigger LANGUAGE plpgsql
  SET search_path = pg_catalog, pg_temp AS $$
DECLARE n bigint;
BEGIN
  EXECUTE format('SELECT coalesce(max(seq) + 1, 0) FROM %I.audit WHERE log = $1', TG_TABLE_SCHEMA)
    INTO n USING NEW.log;
  IF NEW.size <> n OR (TG_OP = 'INSERT' AND n <> 0)
    OR (TG_OP = 'UPDATE' AND (NEW.log <> OLD.log OR NEW.epoch < OLD.epoch)) THEN
    RAISE EXCEPTION 'audit_head: not in step with its leaves';
  END IF;
  RETURN NEW;
END$$;

CREATE TRIGGER audit_dense AFTER INSERT ON audit REFERENCING NEW TABLE AS fresh
  FOR EACH STATEMENT EXECUTE FUNCTION audit_dense();
CREATE TRIGGER audit_head_step BEFORE INSERT OR UPDATE ON audit_head
  FOR EACH ROW EXECUTE FUNCTION audit_head_step();
CREATE TRIGGER audit_head_stmt BEFORE DELETE OR TRUNCATE ON audit_head
  FOR EACH STATEMENT EXECUTE FUNCTION fact_deny();

CREATE TRIGGER audit_row BEFORE UPDATE OR DELETE ON audit
  FOR EACH ROW EXECUTE FUNCTION fact_deny();
CREATE TRIGGER audit_stmt BEFORE UPDATE OR DELETE OR TRUNCATE ON audit
  FOR EACH STATEMENT EXECUTE FUNCTION fact_deny();
CREATE TRIGGER audit_tile_row BEFORE UPDATE OR DELETE ON audit_tile
  FOR EACH ROW EXECUTE FUNCTION fact_deny();
CREATE TRIGGER audit_tile_stmt BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_tile
  FOR EACH STATEMENT EXECUTE FUNCTION fact_deny();
CREATE TRIGGER checkpoint_row BEFORE UPDATE OR DELETE ON checkpoint
  FOR EACH ROW EXECUTE FUNCTION fact_deny();
CREATE TRIGGER checkpoint_stmt BEFORE UPDATE OR DELETE OR TRUNCATE ON checkpoint
  FOR EACH STATEMENT EXECUTE FUNCTION fact_deny();
CREATE TRIGGER cosignature_row BEFORE UPDATE OR DELETE ON cosignature
  FOR EACH ROW EXECUTE FUNCTION fact_deny();
CREATE TRIGGER cosignature_stmt BEFORE UPDATE OR DELETE OR TRUNCATE ON cosignature
  FOR EACH STATEMENT EXECUTE FUNCTION fact_deny();

-- ALWAYS: also under session_replication_role = replica, and for a superuser.
ALTER TABLE audit_head ENABLE ALWAYS TRIGGER audit_head_step;
ALTER TABLE audit_head ENABLE ALWAYS TRIGGER audit_head_stmt;
ALTER TABLE audit ENABLE ALWAYS TRIGGER audit_dense;
ALTER TABLE audit ENABLE ALWAYS TRIGGER audit_row;
ALTER TABLE audit ENABLE ALWAYS TRIGGER audit_stmt;
ALTER TABLE audit_tile ENABLE ALWAYS TRIGGER audit_tile_row;
ALTER TABLE audit_tile ENABLE ALWAYS TRIGGER audit_tile_stmt;
ALTER TABLE checkpoint ENABLE ALWAYS TRIGGER checkpoint_row;
ALTER TABLE checkpoint ENABLE ALWAYS TRIGGER checkpoint_stmt;
ALTER TABLE cosignature ENABLE ALWAYS TRIGGER cosignature_row;
ALTER TABLE cosignature ENABLE ALWAYS TRIGGER cosignature_stmt;

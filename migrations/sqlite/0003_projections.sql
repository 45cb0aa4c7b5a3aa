-- Projections and queues: rebuildable from facts, or work to be done. What stands here may change.

-- The newest state of a resident, product, user, device or message for a person.
-- mark: the text it is found by (wristband, badge), else empty. live: still counts.
CREATE TABLE latest(
  facility TEXT NOT NULL,
  kind TEXT NOT NULL,
  id TEXT NOT NULL,
  mark TEXT NOT NULL,
  live INTEGER NOT NULL CHECK(live IN (0, 1)),
  seq INTEGER NOT NULL,
  rank INTEGER NOT NULL,
  at INTEGER NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY(facility, kind, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX latest_live ON latest(facility, live, at);

-- Where an order stands. stop: the far end of time when it has none; since: its last event;
-- changed: its newest seq.
CREATE TABLE order_state(
  orders BLOB NOT NULL CHECK(length(orders) = 16),
  facility TEXT NOT NULL,
  resident BLOB NOT NULL CHECK(length(resident) = 16),
  version INTEGER NOT NULL,
  plan INTEGER NOT NULL,
  stop INTEGER NOT NULL,
  since INTEGER NOT NULL,
  ended INTEGER NOT NULL CHECK(ended IN (0, 1)),
  changed INTEGER NOT NULL,
  PRIMARY KEY(orders)
) STRICT, WITHOUT ROWID;
CREATE INDEX order_state_ended ON order_state(facility, ended, stop);
CREATE INDEX order_state_since ON order_state(facility, ended, since);
CREATE INDEX order_state_resident ON order_state(resident);

-- Where a dose stands; is_open: something must still be done about it.
-- pot: the fact that put it there.
CREATE TABLE dose_state(
  dose BLOB NOT NULL CHECK(length(dose) = 16),
  facility TEXT NOT NULL,
  orders BLOB NOT NULL CHECK(length(orders) = 16),
  resident BLOB NOT NULL CHECK(length(resident) = 16),
  rev INTEGER NOT NULL,
  due INTEGER NOT NULL,
  opens INTEGER NOT NULL,
  closes INTEGER NOT NULL,
  shifted INTEGER NOT NULL CHECK(shifted IN (0, 1)),
  withdrawn TEXT,
  pot BLOB CHECK(length(pot) = 16),
  is_open INTEGER NOT NULL CHECK(is_open IN (0, 1)),
  changed INTEGER,
  PRIMARY KEY(dose)
) STRICT, WITHOUT ROWID;
CREATE INDEX dose_state_due ON dose_state(facility, due);
CREATE INDEX dose_state_resident ON dose_state(resident, due);
CREATE INDEX dose_state_orders ON dose_state(orders, due);

-- The one administration of a dose that is in effect; taken: drug went into the resident.
CREATE TABLE dose_outcome(
  dose BLOB NOT NULL CHECK(length(dose) = 16),
  administration BLOB NOT NULL CHECK(length(administration) = 16),
  taken INTEGER NOT NULL CHECK(taken IN (0, 1)),
  replaces BLOB CHECK(length(replaces) = 16),
  seq INTEGER NOT NULL,
  rank INTEGER NOT NULL,
  PRIMARY KEY(dose),
  FOREIGN KEY(dose) REFERENCES dose(id),
  FOREIGN KEY(administration) REFERENCES administration(id)
) STRICT, WITHOUT ROWID;

-- An alert at its latest revision.
CREATE TABLE alert(
  id BLOB NOT NULL CHECK(length(id) = 16),
  facility TEXT NOT NULL,
  rev INTEGER NOT NULL,
  kind TEXT NOT NULL,
  resident BLOB NOT NULL CHECK(length(resident) = 16),
  civil_date TEXT NOT NULL,
  pass TEXT NOT NULL,
  is_open INTEGER NOT NULL CHECK(is_open IN (0, 1)),
  changed_at INTEGER NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY(id)
) STRICT, WITHOUT ROWID;

-- Which alert covers a dose.
CREATE TABLE alert_dose(
  dose BLOB NOT NULL CHECK(length(dose) = 16),
  kind TEXT NOT NULL,
  alert BLOB NOT NULL CHECK(length(alert) = 16),
  PRIMARY KEY(dose, kind)
) STRICT, WITHOUT ROWID;
CREATE INDEX alert_dose_alert ON alert_dose(alert);

-- Who and what is open at a cart. With a rowid, as `outbox` below: a full pot is a long row.
CREATE TABLE cart_session(
  facility TEXT NOT NULL,
  cart TEXT NOT NULL,
  seq INTEGER NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY(facility, cart)
) STRICT;

-- A sign-on. Times on the machine's clock.
CREATE TABLE session(
  token_sha256 BLOB NOT NULL CHECK(length(token_sha256) = 32),
  id BLOB NOT NULL CHECK(length(id) = 16),
  facility TEXT NOT NULL,
  actor BLOB NOT NULL CHECK(length(actor) = 16),
  device TEXT,
  role TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  revoked_at INTEGER,
  PRIMARY KEY(token_sha256),
  UNIQUE(id)
) STRICT, WITHOUT ROWID;
CREATE INDEX session_expires ON session(expires_at);

-- The answer given under a key.
CREATE TABLE idempotency(
  facility TEXT NOT NULL,
  key TEXT NOT NULL,
  who TEXT NOT NULL,
  request_sha256 BLOB NOT NULL CHECK(length(request_sha256) = 32),
  status INTEGER NOT NULL,
  answer TEXT NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY(facility, key)
) STRICT;

-- Messages to send, in order per stream. With a rowid: two lie on a page, which without one would
-- each take a page of their own.
CREATE TABLE outbox(
  facility TEXT NOT NULL,
  stream TEXT NOT NULL,
  seq INTEGER NOT NULL,
  topic TEXT NOT NULL,
  bytes BLOB NOT NULL,
  PRIMARY KEY(facility, stream, seq)
) STRICT;

-- What became of them; apart, so that a mark does not write the message again. Times on the
-- machine's clock.
-- sent_at: the broker took it; received_at: stored or shown there; then applied_at or failed_at.
CREATE TABLE outbox_state(
  facility TEXT NOT NULL,
  stream TEXT NOT NULL,
  seq INTEGER NOT NULL,
  sent_at INTEGER,
  received_at INTEGER,
  applied_at INTEGER,
  failed_at INTEGER,
  next_at INTEGER NOT NULL,
  tries INTEGER NOT NULL,
  is_open INTEGER NOT NULL CHECK(is_open IN (0, 1)),
  PRIMARY KEY(facility, stream, seq)
) STRICT, WITHOUT ROWID;

-- Which server works for a home.
CREATE TABLE lease(
  facility TEXT NOT NULL,
  holder TEXT NOT NULL,
  until INTEGER NOT NULL,
  PRIMARY KEY(facility)
) STRICT, WITHOUT ROWID;

-- Messages received and not answered yet.
CREATE TABLE inbox_open(
  facility TEXT NOT NULL,
  sender TEXT NOT NULL,
  message_id TEXT NOT NULL,
  PRIMARY KEY(facility, sender, message_id)
) STRICT, WITHOUT ROWID;

-- What the server keeps for itself.
CREATE TABLE meta(
  facility TEXT NOT NULL,
  name TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY(facility, name)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX latest_mark ON latest(facility, kind, mark) WHERE mark <> '';
CREATE INDEX dose_state_open ON dose_state(facility, due) WHERE is_open = 1;
-- Of ended ones there may be several: a dose of the same pass may go missing after an alert ended.
CREATE UNIQUE INDEX alert_open ON alert(resident, civil_date, pass, kind) WHERE is_open = 1;
CREATE INDEX alert_open_home ON alert(facility, changed_at) WHERE is_open = 1;
-- Never sent (next_at 0) before what is sent again, each in the order of its stream.
CREATE INDEX outbox_due ON outbox_state(facility, next_at, stream, seq) WHERE is_open = 1;

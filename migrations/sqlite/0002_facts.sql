-- Facts: INSERT only. facility: whose; seq: size of the audit log after the entry that brought the
-- row, rank: its place among that entry's facts; at: when it was recorded, microseconds UTC on the
-- clinical clock. body: the whole noun as JSON. Ids are uuid v7. Truth values are 0 and 1.

-- A resident was first heard of.
CREATE TABLE resident(
  id BLOB NOT NULL CHECK(length(id) = 16),
  facility TEXT NOT NULL,
  seq INTEGER NOT NULL,
  rank INTEGER NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY(id)
) STRICT, WITHOUT ROWID;

-- A resident as they then were; the newest counts.
CREATE TABLE resident_event(
  resident BLOB NOT NULL CHECK(length(resident) = 16),
  facility TEXT NOT NULL,
  seq INTEGER NOT NULL,
  rank INTEGER NOT NULL,
  at INTEGER NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY(resident, seq, rank),
  FOREIGN KEY(resident) REFERENCES resident(id)
) STRICT, WITHOUT ROWID;

-- A product as it was then known; the newest counts.
CREATE TABLE product(
  id BLOB NOT NULL CHECK(length(id) = 16),
  facility TEXT NOT NULL,
  seq INTEGER NOT NULL,
  rank INTEGER NOT NULL,
  at INTEGER NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY(id, seq, rank)
) STRICT, WITHOUT ROWID;

-- A code under which a product is scanned; system: gtin or ndc.
CREATE TABLE product_code(
  product BLOB NOT NULL CHECK(length(product) = 16),
  facility TEXT NOT NULL,
  seq INTEGER NOT NULL,
  rank INTEGER NOT NULL,
  at INTEGER NOT NULL,
  system TEXT NOT NULL,
  code TEXT NOT NULL,
  PRIMARY KEY(product, seq, rank, system, code)
) STRICT, WITHOUT ROWID;

-- A pharmacy label.
CREATE TABLE label(
  id BLOB NOT NULL CHECK(length(id) = 16),
  facility TEXT NOT NULL,
  seq INTEGER NOT NULL,
  rank INTEGER NOT NULL,
  at INTEGER NOT NULL,
  code TEXT NOT NULL,
  orders BLOB NOT NULL CHECK(length(orders) = 16),
  resident BLOB NOT NULL CHECK(length(resident) = 16),
  body TEXT NOT NULL,
  PRIMARY KEY(id, seq, rank)
) STRICT, WITHOUT ROWID;
CREATE INDEX label_orders ON label(orders, seq, rank);
CREATE INDEX label_code ON label(facility, code);

-- An order, known to its sender under placer.
CREATE TABLE orders(
  id BLOB NOT NULL CHECK(length(id) = 16),
  facility TEXT NOT NULL,
  seq INTEGER NOT NULL,
  rank INTEGER NOT NULL,
  at INTEGER NOT NULL,
  resident BLOB NOT NULL CHECK(length(resident) = 16),
  sender TEXT NOT NULL,
  placer TEXT NOT NULL,
  PRIMARY KEY(id)
) STRICT, WITHOUT ROWID;

-- What was ordered; stop: before this instant.
CREATE TABLE order_version(
  orders BLOB NOT NULL CHECK(length(orders) = 16),
  version INTEGER NOT NULL,
  facility TEXT NOT NULL,
  seq INTEGER NOT NULL,
  rank INTEGER NOT NULL,
  at INTEGER NOT NULL,
  stop INTEGER,
  body TEXT NOT NULL,
  PRIMARY KEY(orders, version),
  FOREIGN KEY(orders) REFERENCES orders(id)
) STRICT, WITHOUT ROWID;

-- What happened to an order.
CREATE TABLE order_event(
  id BLOB NOT NULL CHECK(length(id) = 16),
  facility TEXT NOT NULL,
  seq INTEGER NOT NULL,
  rank INTEGER NOT NULL,
  at INTEGER NOT NULL,
  orders BLOB NOT NULL CHECK(length(orders) = 16),
  version INTEGER NOT NULL,
  act TEXT NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY(id),
  FOREIGN KEY(orders) REFERENCES orders(id)
) STRICT, WITHOUT ROWID;
CREATE INDEX order_event_of ON order_event(orders, seq, rank);

-- One occurrence of an order; local: the prescribed civil time; version, amount in billionths and
-- unit: as the order had it when the dose was planned.
CREATE TABLE dose(
  id BLOB NOT NULL CHECK(length(id) = 16),
  facility TEXT NOT NULL,
  seq INTEGER NOT NULL,
  rank INTEGER NOT NULL,
  at INTEGER NOT NULL,
  orders BLOB NOT NULL CHECK(length(orders) = 16),
  plan INTEGER NOT NULL,
  civil_date TEXT NOT NULL,
  slot INTEGER NOT NULL,
  resident BLOB NOT NULL CHECK(length(resident) = 16),
  local_time TEXT NOT NULL,
  version INTEGER NOT NULL,
  amount INTEGER,
  unit TEXT,
  PRIMARY KEY(id),
  UNIQUE(orders, plan, civil_date, slot),
  FOREIGN KEY(orders) REFERENCES orders(id)
) STRICT, WITHOUT ROWID;

-- When a dose is due, or why it is no longer expected; the newest counts.
CREATE TABLE dose_due(
  dose BLOB NOT NULL CHECK(length(dose) = 16),
  rev INTEGER NOT NULL,
  facility TEXT NOT NULL,
  seq INTEGER NOT NULL,
  rank INTEGER NOT NULL,
  at INTEGER NOT NULL,
  due INTEGER NOT NULL,
  opens INTEGER NOT NULL,
  closes INTEGER NOT NULL,
  shifted INTEGER NOT NULL CHECK(shifted IN (0, 1)),
  withdrawn TEXT,
  PRIMARY KEY(dose, rev),
  FOREIGN KEY(dose) REFERENCES dose(id)
) STRICT, WITHOUT ROWID;

-- A dose put in the pot or taken out of it.
CREATE TABLE prepared(
  id BLOB NOT NULL CHECK(length(id) = 16),
  facility TEXT NOT NULL,
  seq INTEGER NOT NULL,
  rank INTEGER NOT NULL,
  at INTEGER NOT NULL,
  dose BLOB NOT NULL CHECK(length(dose) = 16),
  orders BLOB NOT NULL CHECK(length(orders) = 16),
  resident BLOB NOT NULL CHECK(length(resident) = 16),
  act TEXT NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY(id),
  FOREIGN KEY(dose) REFERENCES dose(id)
) STRICT;
CREATE INDEX prepared_of ON prepared(dose, seq, rank);
CREATE INDEX prepared_time ON prepared(facility, at);

-- What was done about a dose; at: when it was recorded.
CREATE TABLE administration(
  id BLOB NOT NULL CHECK(length(id) = 16),
  facility TEXT NOT NULL,
  seq INTEGER NOT NULL,
  rank INTEGER NOT NULL,
  at INTEGER NOT NULL,
  dose BLOB NOT NULL CHECK(length(dose) = 16),
  orders BLOB NOT NULL CHECK(length(orders) = 16),
  resident BLOB NOT NULL CHECK(length(resident) = 16),
  outcome TEXT NOT NULL,
  actor BLOB NOT NULL CHECK(length(actor) = 16),
  administered_at INTEGER NOT NULL,
  corrects BLOB CHECK(length(corrects) = 16),
  effective INTEGER NOT NULL CHECK(effective IN (0, 1)),
  body TEXT NOT NULL,
  PRIMARY KEY(id),
  FOREIGN KEY(dose) REFERENCES dose(id),
  FOREIGN KEY(corrects) REFERENCES administration(id)
) STRICT;
CREATE INDEX administration_dose ON administration(dose, seq, rank);
CREATE INDEX administration_resident ON administration(resident, administered_at);
CREATE INDEX administration_time ON administration(facility, administered_at);

-- What was measured on a resident (pulse, glucose); at: when it was measured.
CREATE TABLE reading(
  id BLOB NOT NULL CHECK(length(id) = 16),
  facility TEXT NOT NULL,
  seq INTEGER NOT NULL,
  rank INTEGER NOT NULL,
  at INTEGER NOT NULL,
  resident BLOB NOT NULL CHECK(length(resident) = 16),
  kind TEXT NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY(id),
  FOREIGN KEY(resident) REFERENCES resident(id)
) STRICT;
CREATE INDEX reading_resident ON reading(resident, at);
CREATE INDEX reading_time ON reading(facility, at);

-- A scan and what the rules said.
CREATE TABLE scan_event(
  id BLOB NOT NULL CHECK(length(id) = 16),
  facility TEXT NOT NULL,
  seq INTEGER NOT NULL,
  rank INTEGER NOT NULL,
  at INTEGER NOT NULL,
  cart TEXT NOT NULL,
  resident BLOB CHECK(length(resident) = 16),
  dose BLOB CHECK(length(dose) = 16),
  body TEXT NOT NULL,
  PRIMARY KEY(id)
) STRICT;

-- A revision of an alert.
CREATE TABLE alert_event(
  alert BLOB NOT NULL CHECK(length(alert) = 16),
  rev INTEGER NOT NULL,
  facility TEXT NOT NULL,
  seq INTEGER NOT NULL,
  rank INTEGER NOT NULL,
  at INTEGER NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY(alert, rev)
) STRICT, WITHOUT ROWID;

-- A message that a person has to read, at a revision: waiting, then done.
CREATE TABLE transcription(
  id BLOB NOT NULL CHECK(length(id) = 16),
  rev INTEGER NOT NULL,
  facility TEXT NOT NULL,
  seq INTEGER NOT NULL,
  rank INTEGER NOT NULL,
  at INTEGER NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY(id, rev)
) STRICT, WITHOUT ROWID;

-- A person who may sign on, at a revision.
CREATE TABLE user_account(
  id BLOB NOT NULL CHECK(length(id) = 16),
  rev INTEGER NOT NULL,
  facility TEXT NOT NULL,
  seq INTEGER NOT NULL,
  rank INTEGER NOT NULL,
  at INTEGER NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY(id, rev)
) STRICT, WITHOUT ROWID;

-- A cart or station, at a revision.
CREATE TABLE device(
  id TEXT NOT NULL,
  rev INTEGER NOT NULL,
  facility TEXT NOT NULL,
  seq INTEGER NOT NULL,
  rank INTEGER NOT NULL,
  at INTEGER NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY(facility, id, rev)
) STRICT, WITHOUT ROWID;

-- A version of a home's policy.
CREATE TABLE policy(
  facility TEXT NOT NULL,
  version INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  rank INTEGER NOT NULL,
  at INTEGER NOT NULL,
  effective_from INTEGER NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY(facility, version)
) STRICT, WITHOUT ROWID;

-- A home and the log that tells of it.
CREATE TABLE facility(
  id TEXT NOT NULL,
  log TEXT NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY(id),
  UNIQUE(log)
) STRICT, WITHOUT ROWID;

-- A message received, as it came; sha256 is of its bytes.
CREATE TABLE inbox(
  facility TEXT NOT NULL,
  sender TEXT NOT NULL,
  message_id TEXT NOT NULL,
  sha256 BLOB NOT NULL CHECK(length(sha256) = 32),
  topic TEXT NOT NULL,
  bytes BLOB NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY(facility, sender, message_id)
) STRICT, WITHOUT ROWID;

-- What a received message was answered.
CREATE TABLE inbox_answer(
  facility TEXT NOT NULL,
  sender TEXT NOT NULL,
  message_id TEXT NOT NULL,
  at INTEGER NOT NULL,
  answer TEXT NOT NULL,
  PRIMARY KEY(facility, sender, message_id),
  FOREIGN KEY(facility, sender, message_id) REFERENCES inbox(facility, sender, message_id)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX orders_placer ON orders(facility, sender, placer) WHERE placer <> '';

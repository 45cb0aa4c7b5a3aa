-- Facts: INSERT only. facility: whose; seq: size of the audit log after the entry that brought the
-- row, rank: its place among that entry's facts; at: when it was recorded, microseconds UTC on the
-- clinical clock. body: the whole noun as JSON. Ids are uuid v7. Truth values are 0 and 1.

-- A resident was first heard of.
CREATE TABLE resident(
  id uuid NOT NULL,
  facility text COLLATE "C" NOT NULL,
  seq bigint NOT NULL,
  rank bigint NOT NULL,
  at bigint NOT NULL,
  PRIMARY KEY(id)
);

-- A resident as they then were; the newest counts.
CREATE TABLE resident_event(
  resident uuid NOT NULL,
  facility text COLLATE "C" NOT NULL,
  seq bigint NOT NULL,
  rank bigint NOT NULL,
  at bigint NOT NULL,
  body text COLLATE "C" NOT NULL,
  PRIMARY KEY(resident, seq, rank),
  FOREIGN KEY(resident) REFERENCES resident(id)
);

-- A product as it was then known; the newest counts.
CREATE TABLE product(
  id uuid NOT NULL,
  facility text COLLATE "C" NOT NULL,
  seq bigint NOT NULL,
  rank bigint NOT NULL,
  at bigint NOT NULL,
  body text COLLATE "C" NOT NULL,
  PRIMARY KEY(id, seq, rank)
);

-- A code under which a product is scanned; system: gtin or ndc.
CREATE TABLE product_code(
  product uuid NOT NULL,
  facility text COLLATE "C" NOT NULL,
  seq bigint NOT NULL,
  rank bigint NOT NULL,
  at bigint NOT NULL,
  system text COLLATE "C" NOT NULL,
  code text COLLATE "C" NOT NULL,
  PRIMARY KEY(product, seq, rank, system, code)
);

-- A pharmacy label.
CREATE TABLE label(
  id uuid NOT NULL,
  facility text COLLATE "C" NOT NULL,
  seq bigint NOT NULL,
  rank bigint NOT NULL,
  at bigint NOT NULL,
  code text COLLATE "C" NOT NULL,
  orders uuid NOT NULL,
  resident uuid NOT NULL,
  body text COLLATE "C" NOT NULL,
  PRIMARY KEY(id, seq, rank)
);
CREATE INDEX label_orders ON label(orders, seq, rank);
CREATE INDEX label_code ON label(facility, code);

-- An order, known to its sender under placer.
CREATE TABLE orders(
  id uuid NOT NULL,
  facility text COLLATE "C" NOT NULL,
  seq bigint NOT NULL,
  rank bigint NOT NULL,
  at bigint NOT NULL,
  resident uuid NOT NULL,
  sender text COLLATE "C" NOT NULL,
  placer text COLLATE "C" NOT NULL,
  PRIMARY KEY(id)
);

-- What was ordered; stop: before this instant.
CREATE TABLE order_version(
  orders uuid NOT NULL,
  version bigint NOT NULL,
  facility text COLLATE "C" NOT NULL,
  seq bigint NOT NULL,
  rank bigint NOT NULL,
  at bigint NOT NULL,
  stop bigint,
  body text COLLATE "C" NOT NULL,
  PRIMARY KEY(orders, version),
  FOREIGN KEY(orders) REFERENCES orders(id)
);

-- What happened to an order.
CREATE TABLE order_event(
  id uuid NOT NULL,
  facility text COLLATE "C" NOT NULL,
  seq bigint NOT NULL,
  rank bigint NOT NULL,
  at bigint NOT NULL,
  orders uuid NOT NULL,
  version bigint NOT NULL,
  act text COLLATE "C" NOT NULL,
  body text COLLATE "C" NOT NULL,
  PRIMARY KEY(id),
  FOREIGN KEY(orders) REFERENCES orders(id)
);
CREATE INDEX order_event_of ON order_event(orders, seq, rank);

-- One occurrence of an order; local: the prescribed civil time; version, amount in billionths and
-- unit: as the order had it when the dose was planned.
CREATE TABLE dose(
  id uuid NOT NULL,
  facility text COLLATE "C" NOT NULL,
  seq bigint NOT NULL,
  rank bigint NOT NULL,
  at bigint NOT NULL,
  orders uuid NOT NULL,
  plan bigint NOT NULL,
  civil_date text COLLATE "C" NOT NULL,
  slot bigint NOT NULL,
  resident uuid NOT NULL,
  local_time text COLLATE "C" NOT NULL,
  version bigint NOT NULL,
  amount bigint,
  unit text COLLATE "C",
  PRIMARY KEY(id),
  UNIQUE(orders, plan, civil_date, slot),
  FOREIGN KEY(orders) REFERENCES orders(id)
);

-- When a dose is due, or why it is no longer expected; the newest counts.
CREATE TABLE dose_due(
  dose uuid NOT NULL,
  rev bigint NOT NULL,
  facility text COLLATE "C" NOT NULL,
  seq bigint NOT NULL,
  rank bigint NOT NULL,
  at bigint NOT NULL,
  due bigint NOT NULL,
  opens bigint NOT NULL,
  closes bigint NOT NULL,
  shifted bigint NOT NULL CHECK(shifted IN (0, 1)),
  withdrawn text COLLATE "C",
  PRIMARY KEY(dose, rev),
  FOREIGN KEY(dose) REFERENCES dose(id)
);

-- A dose put in the pot or taken out of it.
CREATE TABLE prepared(
  id uuid NOT NULL,
  facility text COLLATE "C" NOT NULL,
  seq bigint NOT NULL,
  rank bigint NOT NULL,
  at bigint NOT NULL,
  dose uuid NOT NULL,
  orders uuid NOT NULL,
  resident uuid NOT NULL,
  act text COLLATE "C" NOT NULL,
  body text COLLATE "C" NOT NULL,
  PRIMARY KEY(id),
  FOREIGN KEY(dose) REFERENCES dose(id)
);
CREATE INDEX prepared_of ON prepared(dose, seq, rank);
CREATE INDEX prepared_time ON prepared(facility, at);

-- What was done about a dose; at: when it was recorded.
CREATE TABLE administration(
  id uuid NOT NULL,
  facility text COLLATE "C" NOT NULL,
  seq bigint NOT NULL,
  rank bigint NOT NULL,
  at bigint NOT NULL,
  dose uuid NOT NULL,
  orders uuid NOT NULL,
  resident uuid NOT NULL,
  outcome text COLLATE "C" NOT NULL,
  actor uuid NOT NULL,
  administered_at bigint NOT NULL,
  corrects uuid,
  effective bigint NOT NULL CHECK(effective IN (0, 1)),
  body text COLLATE "C" NOT NULL,
  PRIMARY KEY(id),
  FOREIGN KEY(dose) REFERENCES dose(id),
  FOREIGN KEY(corrects) REFERENCES administration(id)
);
CREATE INDEX administration_dose ON administration(dose, seq, rank);
CREATE INDEX administration_resident ON administration(resident, administered_at);
CREATE INDEX administration_time ON administration(facility, administered_at);

-- What was measured on a resident (pulse, glucose); at: when it was measured.
CREATE TABLE reading(
  id uuid NOT NULL,
  facility text COLLATE "C" NOT NULL,
  seq bigint NOT NULL,
  rank bigint NOT NULL,
  at bigint NOT NULL,
  resident uuid NOT NULL,
  kind text COLLATE "C" NOT NULL,
  body text COLLATE "C" NOT NULL,
  PRIMARY KEY(id),
  FOREIGN KEY(resident) REFERENCES resident(id)
);
CREATE INDEX reading_resident ON reading(resident, at);
CREATE INDEX reading_time ON reading(facility, at);

-- A scan and what the rules said.
CREATE TABLE scan_event(
  id uuid NOT NULL,
  facility text COLLATE "C" NOT NULL,
  seq bigint NOT NULL,
  rank bigint NOT NULL,
  at bigint NOT NULL,
  cart text COLLATE "C" NOT NULL,
  resident uuid,
  dose uuid,
  body text COLLATE "C" NOT NULL,
  PRIMARY KEY(id)
);

-- A revision of an alert.
CREATE TABLE alert_event(
  alert uuid NOT NULL,
  rev bigint NOT NULL,
  facility text COLLATE "C" NOT NULL,
  seq bigint NOT NULL,
  rank bigint NOT NULL,
  at bigint NOT NULL,
  body text COLLATE "C" NOT NULL,
  PRIMARY KEY(alert, rev)
);

-- A message that a person has to read, at a revision: waiting, then done.
CREATE TABLE transcription(
  id uuid NOT NULL,
  rev bigint NOT NULL,
  facility text COLLATE "C" NOT NULL,
  seq bigint NOT NULL,
  rank bigint NOT NULL,
  at bigint NOT NULL,
  body text COLLATE "C" NOT NULL,
  PRIMARY KEY(id, rev)
);

-- A person who may sign on, at a revision.
CREATE TABLE user_account(
  id uuid NOT NULL,
  rev bigint NOT NULL,
  facility text COLLATE "C" NOT NULL,
  seq bigint NOT NULL,
  rank bigint NOT NULL,
  at bigint NOT NULL,
  body text COLLATE "C" NOT NULL,
  PRIMARY KEY(id, rev)
);

-- A cart or station, at a revision.
CREATE TABLE device(
  id text COLLATE "C" NOT NULL,
  rev bigint NOT NULL,
  facility text COLLATE "C" NOT NULL,
  seq bigint NOT NULL,
  rank bigint NOT NULL,
  at bigint NOT NULL,
  body text COLLATE "C" NOT NULL,
  PRIMARY KEY(facility, id, rev)
);

-- A version of a home's policy.
CREATE TABLE policy(
  facility text COLLATE "C" NOT NULL,
  version bigint NOT NULL,
  seq bigint NOT NULL,
  rank bigint NOT NULL,
  at bigint NOT NULL,
  effective_from bigint NOT NULL,
  body text COLLATE "C" NOT NULL,
  PRIMARY KEY(facility, version)
);

-- A home and the log that tells of it.
CREATE TABLE facility(
  id text COLLATE "C" NOT NULL,
  log text COLLATE "C" NOT NULL,
  at bigint NOT NULL,
  PRIMARY KEY(id),
  UNIQUE(log)
);

-- A message received, as it came; sha256 is of its bytes.
CREATE TABLE inbox(
  facility text COLLATE "C" NOT NULL,
  sender text COLLATE "C" NOT NULL,
  message_id text COLLATE "C" NOT NULL,
  sha256 bytea NOT NULL CHECK(octet_length(sha256) = 32),
  topic text COLLATE "C" NOT NULL,
  bytes bytea NOT NULL,
  at bigint NOT NULL,
  PRIMARY KEY(facility, sender, message_id)
);

-- What a received message was answered.
CREATE TABLE inbox_answer(
  facility text COLLATE "C" NOT NULL,
  sender text COLLATE "C" NOT NULL,
  message_id text COLLATE "C" NOT NULL,
  at bigint NOT NULL,
  answer text COLLATE "C" NOT NULL,
  PRIMARY KEY(facility, sender, message_id),
  FOREIGN KEY(facility, sender, message_id) REFERENCES inbox(facility, sender, message_id)
);

CREATE UNIQUE INDEX orders_placer ON orders(facility, sender, placer) WHERE placer <> '';

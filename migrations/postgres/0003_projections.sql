-- Projections and queues: rebuildable from facts, or work to be done. What stands here may change.

-- The newest state of a resident, product, user, device or message for a person.
-- mark: the text it is found by (wristband, badge), else empty. live: still counts.
CREATE TABLE latest(
  facility text COLLATE "C" NOT NULL,
  kind text COLLATE "C" NOT NULL,
  id text COLLATE "C" NOT NULL,
  mark text COLLATE "C" NOT NULL,
  live bigint NOT NULL CHECK(live IN (0, 1)),
  seq bigint NOT NULL,
  rank bigint NOT NULL,
  at bigint NOT NULL,
  body text COLLATE "C" NOT NULL,
  PRIMARY KEY(facility, kind, id)
);
CREATE INDEX latest_live ON latest(facility, live, at);

-- Where an order stands. stop: the far end of time when it has none; since: its last event;
-- changed: its newest seq.
CREATE TABLE order_state(
  orders uuid NOT NULL,
  facility text COLLATE "C" NOT NULL,
  resident uuid NOT NULL,
  version bigint NOT NULL,
  plan bigint NOT NULL,
  stop bigint NOT NULL,
  since bigint NOT NULL,
  ended bigint NOT NULL CHECK(ended IN (0, 1)),
  changed bigint NOT NULL,
  PRIMARY KEY(orders)
);
CREATE INDEX order_state_ended ON order_state(facility, ended, stop);
CREATE INDEX order_state_since ON order_state(facility, ended, since);
CREATE INDEX order_state_resident ON order_state(resident);

-- Where a dose stands; is_open: something must still be done about it.
-- pot: the fact that put it there.
CREATE TABLE dose_state(
  dose uuid NOT NULL,
  facility text COLLATE "C" NOT NULL,
  orders uuid NOT NULL,
  resident uuid NOT NULL,
  rev bigint NOT NULL,
  due bigint NOT NULL,
  opens bigint NOT NULL,
  closes bigint NOT NULL,
  shifted bigint NOT NULL CHECK(shifted IN (0, 1)),
  withdrawn text COLLATE "C",
  pot uuid,
  is_open bigint NOT NULL CHECK(is_open IN (0, 1)),
  changed bigint,
  PRIMARY KEY(dose)
);
CREATE INDEX dose_state_due ON dose_state(facility, due);
CREATE INDEX dose_state_resident ON dose_state(resident, due);
CREATE INDEX dose_state_orders ON dose_state(orders, due);

-- The one administration of a dose that is in effect; taken: drug went into the resident.
CREATE TABLE dose_outcome(
  dose uuid NOT NULL,
  administration uuid NOT NULL,
  taken bigint NOT NULL CHECK(taken IN (0, 1)),
  replaces uuid,
  seq bigint NOT NULL,
  rank bigint NOT NULL,
  PRIMARY KEY(dose),
  FOREIGN KEY(dose) REFERENCES dose(id),
  FOREIGN KEY(administration) REFERENCES administration(id)
);

-- An alert at its latest revision.
CREATE TABLE alert(
  id uuid NOT NULL,
  facility text COLLATE "C" NOT NULL,
  rev bigint NOT NULL,
  kind text COLLATE "C" NOT NULL,
  resident uuid NOT NULL,
  civil_date text COLLATE "C" NOT NULL,
  pass text COLLATE "C" NOT NULL,
  is_open bigint NOT NULL CHECK(is_open IN (0, 1)),
  changed_at bigint NOT NULL,
  body text COLLATE "C" NOT NULL,
  PRIMARY KEY(id)
);

-- Which alert covers a dose.
CREATE TABLE alert_dose(
  dose uuid NOT NULL,
  kind text COLLATE "C" NOT NULL,
  alert uuid NOT NULL,
  PRIMARY KEY(dose, kind)
);
CREATE INDEX alert_dose_alert ON alert_dose(alert);

-- Who and what is open at a cart.
CREATE TABLE cart_session(
  facility text COLLATE "C" NOT NULL,
  cart text COLLATE "C" NOT NULL,
  seq bigint NOT NULL,
  body text COLLATE "C" NOT NULL,
  PRIMARY KEY(facility, cart)
);

-- A sign-on. Times on the machine's clock.
CREATE TABLE session(
  token_sha256 bytea NOT NULL CHECK(octet_length(token_sha256) = 32),
  id uuid NOT NULL,
  facility text COLLATE "C" NOT NULL,
  actor uuid NOT NULL,
  device text COLLATE "C",
  role text COLLATE "C" NOT NULL,
  created_at bigint NOT NULL,
  expires_at bigint NOT NULL,
  revoked_at bigint,
  PRIMARY KEY(token_sha256),
  UNIQUE(id)
);
CREATE INDEX session_expires ON session(expires_at);

-- The answer given under a key.
CREATE TABLE idempotency(
  facility text COLLATE "C" NOT NULL,
  key text COLLATE "C" NOT NULL,
  who text COLLATE "C" NOT NULL,
  request_sha256 bytea NOT NULL CHECK(octet_length(request_sha256) = 32),
  status bigint NOT NULL,
  answer text COLLATE "C" NOT NULL,
  at bigint NOT NULL,
  PRIMARY KEY(facility, key)
);

-- Messages to send, in order per stream.
CREATE TABLE outbox(
  facility text COLLATE "C" NOT NULL,
  stream text COLLATE "C" NOT NULL,
  seq bigint NOT NULL,
  topic text COLLATE "C" NOT NULL,
  bytes bytea NOT NULL,
  PRIMARY KEY(facility, stream, seq)
);

-- What became of them; apart, so that a mark does not write the message again. Times on the
-- machine's clock.
-- sent_at: the broker took it; received_at: stored or shown there; then applied_at or failed_at.
CREATE TABLE outbox_state(
  facility text COLLATE "C" NOT NULL,
  stream text COLLATE "C" NOT NULL,
  seq bigint NOT NULL,
  sent_at bigint,
  received_at bigint,
  applied_at bigint,
  failed_at bigint,
  next_at bigint NOT NULL,
  tries bigint NOT NULL,
  is_open bigint NOT NULL CHECK(is_open IN (0, 1)),
  PRIMARY KEY(facility, stream, seq)
);

-- Which server works for a home.
CREATE TABLE lease(
  facility text COLLATE "C" NOT NULL,
  holder text COLLATE "C" NOT NULL,
  until bigint NOT NULL,
  PRIMARY KEY(facility)
);

-- Messages received and not answered yet.
CREATE TABLE inbox_open(
  facility text COLLATE "C" NOT NULL,
  sender text COLLATE "C" NOT NULL,
  message_id text COLLATE "C" NOT NULL,
  PRIMARY KEY(facility, sender, message_id)
);

-- What the server keeps for itself.
CREATE TABLE meta(
  facility text COLLATE "C" NOT NULL,
  name text COLLATE "C" NOT NULL,
  value text COLLATE "C" NOT NULL,
  PRIMARY KEY(facility, name)
);

CREATE UNIQUE INDEX latest_mark ON latest(facility, kind, mark) WHERE mark <> '';
CREATE INDEX dose_state_open ON dose_state(facility, due) WHERE is_open = 1;
-- Of ended ones there may be several: a dose of the same pass may go missing after an alert ended.
CREATE UNIQUE INDEX alert_open ON alert(resident, civil_date, pass, kind) WHERE is_open = 1;
CREATE INDEX alert_open_home ON alert(facility, changed_at) WHERE is_open = 1;
-- Never sent (next_at 0) before what is sent again, each in the order of its stream.
CREATE INDEX outbox_due ON outbox_state(facility, next_at, stream, seq) WHERE is_open = 1;

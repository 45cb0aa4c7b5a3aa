-- Append-only guards of every fact table: no UPDATE, no DELETE, no REPLACE.
-- INSERT OR REPLACE removes conflicting rows without firing DELETE triggers unless
-- recursive_triggers = ON: every conflicting row is refused up front.

CREATE TRIGGER resident_no_replace BEFORE INSERT ON resident
  WHEN EXISTS(SELECT 1 FROM resident
    WHERE id = NEW.id)
  BEGIN SELECT RAISE(ABORT, 'resident: append-only (replace)'); END;
CREATE TRIGGER resident_no_update BEFORE UPDATE ON resident
  BEGIN SELECT RAISE(ABORT, 'resident: append-only'); END;
CREATE TRIGGER resident_no_delete BEFORE DELETE ON resident
  BEGIN SELECT RAISE(ABORT, 'resident: append-only'); END;

CREATE TRIGGER resident_event_no_replace BEFORE INSERT ON resident_event
  WHEN EXISTS(SELECT 1 FROM resident_event
    WHERE resident = NEW.resident AND seq = NEW.seq AND rank = NEW.rank)
  BEGIN SELECT RAISE(ABORT, 'resident_event: append-only (replace)'); END;
CREATE TRIGGER resident_event_no_update BEFORE UPDATE ON resident_event
  BEGIN SELECT RAISE(ABORT, 'resident_event: append-only'); END;
CREATE TRIGGER resident_event_no_delete BEFORE DELETE ON resident_event
  BEGIN SELECT RAISE(ABORT, 'resident_event: append-only'); END;

CREATE TRIGGER product_no_replace BEFORE INSERT ON product
  WHEN EXISTS(SELECT 1 FROM product
    WHERE id = NEW.id AND seq = NEW.seq AND rank = NEW.rank)
  BEGIN SELECT RAISE(ABORT, 'product: append-only (replace)'); END;
CREATE TRIGGER product_no_update BEFORE UPDATE ON product
  BEGIN SELECT RAISE(ABORT, 'product: append-only'); END;
CREATE TRIGGER product_no_delete BEFORE DELETE ON product
  BEGIN SELECT RAISE(ABORT, 'product: append-only'); END;

CREATE TRIGGER product_code_no_replace BEFORE INSERT ON product_code
  WHEN EXISTS(SELECT 1 FROM product_code
    WHERE product = NEW.product AND seq = NEW.seq
      AND rank = NEW.rank AND system = NEW.system AND code = NEW.code)
  BEGIN SELECT RAISE(ABORT, 'product_code: append-only (replace)'); END;
CREATE TRIGGER product_code_no_update BEFORE UPDATE ON product_code
  BEGIN SELECT RAISE(ABORT, 'product_code: append-only'); END;
CREATE TRIGGER product_code_no_delete BEFORE DELETE ON product_code
  BEGIN SELECT RAISE(ABORT, 'product_code: append-only'); END;

CREATE TRIGGER label_no_replace BEFORE INSERT ON label
  WHEN EXISTS(SELECT 1 FROM label
    WHERE id = NEW.id AND seq = NEW.seq AND rank = NEW.rank)
  BEGIN SELECT RAISE(ABORT, 'label: append-only (replace)'); END;
CREATE TRIGGER label_no_update BEFORE UPDATE ON label
  BEGIN SELECT RAISE(ABORT, 'label: append-only'); END;
CREATE TRIGGER label_no_delete BEFORE DELETE ON label
  BEGIN SELECT RAISE(ABORT, 'label: append-only'); END;

CREATE TRIGGER orders_no_replace BEFORE INSERT ON orders
  WHEN EXISTS(SELECT 1 FROM orders
    WHERE id = NEW.id
    OR (placer <> '' AND facility = NEW.facility AND sender = NEW.sender AND placer = NEW.placer))
  BEGIN SELECT RAISE(ABORT, 'orders: append-only (replace)'); END;
CREATE TRIGGER orders_no_update BEFORE UPDATE ON orders
  BEGIN SELECT RAISE(ABORT, 'orders: append-only'); END;
CREATE TRIGGER orders_no_delete BEFORE DELETE ON orders
  BEGIN SELECT RAISE(ABORT, 'orders: append-only'); END;

CREATE TRIGGER order_version_no_replace BEFORE INSERT ON order_version
  WHEN EXISTS(SELECT 1 FROM order_version
    WHERE orders = NEW.orders AND version = NEW.version)
  BEGIN SELECT RAISE(ABORT, 'order_version: append-only (replace)'); END;
CREATE TRIGGER order_version_no_update BEFORE UPDATE ON order_version
  BEGIN SELECT RAISE(ABORT, 'order_version: append-only'); END;
CREATE TRIGGER order_version_no_delete BEFORE DELETE ON order_version
  BEGIN SELECT RAISE(ABORT, 'order_version: append-only'); END;

CREATE TRIGGER order_event_no_replace BEFORE INSERT ON order_event
  WHEN EXISTS(SELECT 1 FROM order_event
    WHERE id = NEW.id)
  BEGIN SELECT RAISE(ABORT, 'order_event: append-only (replace)'); END;
CREATE TRIGGER order_event_no_update BEFORE UPDATE ON order_event
  BEGIN SELECT RAISE(ABORT, 'order_event: append-only'); END;
CREATE TRIGGER order_event_no_delete BEFORE DELETE ON order_event
  BEGIN SELECT RAISE(ABORT, 'order_event: append-only'); END;

CREATE TRIGGER dose_no_replace BEFORE INSERT ON dose
  WHEN EXISTS(SELECT 1 FROM dose
    WHERE id = NEW.id
      OR (orders = NEW.orders AND plan = NEW.plan AND civil_date = NEW.civil_date AND slot = NEW.slot))
  BEGIN SELECT RAISE(ABORT, 'dose: append-only (replace)'); END;
CREATE TRIGGER dose_no_update BEFORE UPDATE ON dose
  BEGIN SELECT RAISE(ABORT, 'dose: append-only'); END;
CREATE TRIGGER dose_no_delete BEFORE DELETE ON dose
  BEGIN SELECT RAISE(ABORT, 'dose: append-only'); END;

CREATE TRIGGER dose_due_no_replace BEFORE INSERT ON dose_due
  WHEN EXISTS(SELECT 1 FROM dose_due
    WHERE dose = NEW.dose AND rev = NEW.rev)
  BEGIN SELECT RAISE(ABORT, 'dose_due: append-only (replace)'); END;
CREATE TRIGGER dose_due_no_update BEFORE UPDATE ON dose_due
  BEGIN SELECT RAISE(ABORT, 'dose_due: append-only'); END;
CREATE TRIGGER dose_due_no_delete BEFORE DELETE ON dose_due
  BEGIN SELECT RAISE(ABORT, 'dose_due: append-only'); END;

CREATE TRIGGER prepared_no_replace BEFORE INSERT ON prepared
  WHEN EXISTS(SELECT 1 FROM prepared
    WHERE id = NEW.id)
  BEGIN SELECT RAISE(ABORT, 'prepared: append-only (replace)'); END;
CREATE TRIGGER prepared_no_update BEFORE UPDATE ON prepared
  BEGIN SELECT RAISE(ABORT, 'prepared: append-only'); END;
CREATE TRIGGER prepared_no_delete BEFORE DELETE ON prepared
  BEGIN SELECT RAISE(ABORT, 'prepared: append-only'); END;

CREATE TRIGGER administration_no_replace BEFORE INSERT ON administration
  WHEN EXISTS(SELECT 1 FROM administration
    WHERE id = NEW.id)
  BEGIN SELECT RAISE(ABORT, 'administration: append-only (replace)'); END;
CREATE TRIGGER administration_no_update BEFORE UPDATE ON administration
  BEGIN SELECT RAISE(ABORT, 'administration: append-only'); END;
CREATE TRIGGER administration_no_delete BEFORE DELETE ON administration
  BEGIN SELECT RAISE(ABORT, 'administration: append-only'); END;

CREATE TRIGGER reading_no_replace BEFORE INSERT ON reading
  WHEN EXISTS(SELECT 1 FROM reading
    WHERE id = NEW.id)
  BEGIN SELECT RAISE(ABORT, 'reading: append-only (replace)'); END;
CREATE TRIGGER reading_no_update BEFORE UPDATE ON reading
  BEGIN SELECT RAISE(ABORT, 'reading: append-only'); END;
CREATE TRIGGER reading_no_delete BEFORE DELETE ON reading
  BEGIN SELECT RAISE(ABORT, 'reading: append-only'); END;

CREATE TRIGGER scan_event_no_replace BEFORE INSERT ON scan_event
  WHEN EXISTS(SELECT 1 FROM scan_event
    WHERE id = NEW.id)
  BEGIN SELECT RAISE(ABORT, 'scan_event: append-only (replace)'); END;
CREATE TRIGGER scan_event_no_update BEFORE UPDATE ON scan_event
  BEGIN SELECT RAISE(ABORT, 'scan_event: append-only'); END;
CREATE TRIGGER scan_event_no_delete BEFORE DELETE ON scan_event
  BEGIN SELECT RAISE(ABORT, 'scan_event: append-only'); END;

CREATE TRIGGER alert_event_no_replace BEFORE INSERT ON alert_event
  WHEN EXISTS(SELECT 1 FROM alert_event
    WHERE alert = NEW.alert AND rev = NEW.rev)
  BEGIN SELECT RAISE(ABORT, 'alert_event: append-only (replace)'); END;
CREATE TRIGGER alert_event_no_update BEFORE UPDATE ON alert_event
  BEGIN SELECT RAISE(ABORT, 'alert_event: append-only'); END;
CREATE TRIGGER alert_event_no_delete BEFORE DELETE ON alert_event
  BEGIN SELECT RAISE(ABORT, 'alert_event: append-only'); END;

CREATE TRIGGER transcription_no_replace BEFORE INSERT ON transcription
  WHEN EXISTS(SELECT 1 FROM transcription
    WHERE id = NEW.id AND rev = NEW.rev)
  BEGIN SELECT RAISE(ABORT, 'transcription: append-only (replace)'); END;
CREATE TRIGGER transcription_no_update BEFORE UPDATE ON transcription
  BEGIN SELECT RAISE(ABORT, 'transcription: append-only'); END;
CREATE TRIGGER transcription_no_delete BEFORE DELETE ON transcription
  BEGIN SELECT RAISE(ABORT, 'transcription: append-only'); END;

CREATE TRIGGER user_account_no_replace BEFORE INSERT ON user_account
  WHEN EXISTS(SELECT 1 FROM user_account
    WHERE id = NEW.id AND rev = NEW.rev)
  BEGIN SELECT RAISE(ABORT, 'user_account: append-only (replace)'); END;
CREATE TRIGGER user_account_no_update BEFORE UPDATE ON user_account
  BEGIN SELECT RAISE(ABORT, 'user_account: append-only'); END;
CREATE TRIGGER user_account_no_delete BEFORE DELETE ON user_account
  BEGIN SELECT RAISE(ABORT, 'user_account: append-only'); END;

CREATE TRIGGER device_no_replace BEFORE INSERT ON device
  WHEN EXISTS(SELECT 1 FROM device
    WHERE facility = NEW.facility AND id = NEW.id AND rev = NEW.rev)
  BEGIN SELECT RAISE(ABORT, 'device: append-only (replace)'); END;
CREATE TRIGGER device_no_update BEFORE UPDATE ON device
  BEGIN SELECT RAISE(ABORT, 'device: append-only'); END;
CREATE TRIGGER device_no_delete BEFORE DELETE ON device
  BEGIN SELECT RAISE(ABORT, 'device: append-only'); END;

CREATE TRIGGER policy_no_replace BEFORE INSERT ON policy
  WHEN EXISTS(SELECT 1 FROM policy
    WHERE facility = NEW.facility AND version = NEW.version)
  BEGIN SELECT RAISE(ABORT, 'policy: append-only (replace)'); END;
CREATE TRIGGER policy_no_update BEFORE UPDATE ON policy
  BEGIN SELECT RAISE(ABORT, 'policy: append-only'); END;
CREATE TRIGGER policy_no_delete BEFORE DELETE ON policy
  BEGIN SELECT RAISE(ABORT, 'policy: append-only'); END;

CREATE TRIGGER facility_no_replace BEFORE INSERT ON facility
  WHEN EXISTS(SELECT 1 FROM facility
    WHERE (id = NEW.id) OR (log = NEW.log))
  BEGIN SELECT RAISE(ABORT, 'facility: append-only (replace)'); END;
CREATE TRIGGER facility_no_update BEFORE UPDATE ON facility
  BEGIN SELECT RAISE(ABORT, 'facility: append-only'); END;
CREATE TRIGGER facility_no_delete BEFORE DELETE ON facility
  BEGIN SELECT RAISE(ABORT, 'facility: append-only'); END;

CREATE TRIGGER inbox_no_replace BEFORE INSERT ON inbox
  WHEN EXISTS(SELECT 1 FROM inbox
    WHERE facility = NEW.facility AND sender = NEW.sender AND message_id = NEW.message_id)
  BEGIN SELECT RAISE(ABORT, 'inbox: append-only (replace)'); END;
CREATE TRIGGER inbox_no_update BEFORE UPDATE ON inbox
  BEGIN SELECT RAISE(ABORT, 'inbox: append-only'); END;
CREATE TRIGGER inbox_no_delete BEFORE DELETE ON inbox
  BEGIN SELECT RAISE(ABORT, 'inbox: append-only'); END;

CREATE TRIGGER inbox_answer_no_replace BEFORE INSERT ON inbox_answer
  WHEN EXISTS(SELECT 1 FROM inbox_answer
    WHERE facility = NEW.facility AND sender = NEW.sender AND message_id = NEW.message_id)
  BEGIN SELECT RAISE(ABORT, 'inbox_answer: append-only (replace)'); END;
CREATE TRIGGER inbox_answer_no_update BEFORE UPDATE ON inbox_answer
  BEGIN SELECT RAISE(ABORT, 'inbox_answer: append-only'); END;
CREATE TRIGGER inbox_answer_no_delete BEFORE DELETE ON inbox_answer
  BEGIN SELECT RAISE(ABORT, 'inbox_answer: append-only'); END;

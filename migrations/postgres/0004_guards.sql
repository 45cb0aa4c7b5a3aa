-- Append-only guards of every fact table: no UPDATE, no DELETE, no TRUNCATE, also for a superuser
-- and under session_replication_role = replica (ENABLE ALWAYS). REPLACE does not exist here.
DO $$
DECLARE fact text;
BEGIN
  FOREACH fact IN ARRAY ARRAY[
    'resident', 'resident_event', 'product', 'product_code', 'label', 'orders',
    'order_version', 'order_event', 'dose', 'dose_due', 'prepared', 'administration',
    'reading', 'scan_event', 'alert_event', 'transcription', 'user_account', 'device', 'policy',
    'facility', 'inbox', 'inbox_answer'
  ] LOOP
    EXECUTE format('CREATE TRIGGER %I BEFORE UPDATE OR DELETE ON %I
      FOR EACH ROW EXECUTE FUNCTION fact_deny()', fact || '_row', fact);
    EXECUTE format('CREATE TRIGGER %I BEFORE UPDATE OR DELETE OR TRUNCATE ON %I
      FOR EACH STATEMENT EXECUTE FUNCTION fact_deny()', fact || '_stmt', fact);
    EXECUTE format('ALTER TABLE %I ENABLE ALWAYS TRIGGER %I', fact, fact || '_row');
    EXECUTE format('ALTER TABLE %I ENABLE ALWAYS TRIGGER %I', fact, fact || '_stmt');
  END LOOP;
END$$;

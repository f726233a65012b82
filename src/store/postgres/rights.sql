-- Runs at the end of every migration, so that what a later one makes is covered too: no way past the owner, also where
-- the roles of Supabase are given rights to whatever is made.
DO $$
DECLARE
    made RECORD;
    outsider TEXT;
BEGIN
    FOR made IN
        SELECT relname FROM pg_class
        WHERE relnamespace = 'plic_chat'::regnamespace AND relkind IN ('r', 'p') AND NOT relrowsecurity
    LOOP
        EXECUTE format('ALTER TABLE plic_chat.%I ENABLE ROW LEVEL SECURITY', made.relname);
    END LOOP;
    FOR outsider IN
        SELECT 'PUBLIC' UNION ALL
        SELECT quote_ident(rolname) FROM pg_roles WHERE rolname IN ('anon', 'authenticated')
    LOOP
        EXECUTE format('REVOKE ALL ON SCHEMA plic_chat FROM %s', outsider);
        EXECUTE format('REVOKE ALL ON ALL TABLES IN SCHEMA plic_chat FROM %s', outsider);
        EXECUTE format('REVOKE ALL ON ALL SEQUENCES IN SCHEMA plic_chat FROM %s', outsider);
        EXECUTE format('REVOKE ALL ON ALL ROUTINES IN SCHEMA plic_chat FROM %s', outsider);
    END LOOP;
END $$;

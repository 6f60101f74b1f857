-- The owner of the shop, who never logs in here, and the two logins that docs/deploy.md asks for. Roles belong to the whole server, so
-- that what stands already stays. Passwords are set beside this.
DO $$
DECLARE
  wanted text;
BEGIN
  FOREACH wanted IN ARRAY ARRAY['shop_owner', 'holdfast', 'holdfast_restore'] LOOP
    BEGIN
      EXECUTE format('CREATE ROLE %I', wanted);
    EXCEPTION WHEN duplicate_object OR unique_violation THEN
      NULL;
    END;
  END LOOP;
END $$;

ALTER ROLE holdfast LOGIN CONNECTION LIMIT 8;
GRANT pg_read_all_data TO holdfast;
-- pg_read_all_data covers large objects from PostgreSQL 19 on only; before, somebody who may has to let the role read them.
ALTER ROLE holdfast SET lo_compat_privileges = on;

ALTER ROLE holdfast_restore LOGIN CREATEDB CREATEROLE;

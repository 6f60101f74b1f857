import { type Server, sql } from "./world.ts";

/** Everything that has broken somebody's backup, as far as a database owner can make it. Runs on 14 and later. */
export const NASTY = String.raw`
CREATE SCHEMA "Größe & Co";
CREATE SCHEMA "host=evil dbname=x";
CREATE SCHEMA ext;
CREATE EXTENSION pg_trgm WITH SCHEMA ext;
CREATE EXTENSION hstore;
CREATE EXTENSION cube WITH SCHEMA ext;
CREATE EXTENSION citext WITH SCHEMA ext;

CREATE TYPE "Größe & Co".mood AS ENUM ('gut', 'schlecht', 'mal so, mal so');
CREATE DOMAIN public.positive AS int CHECK (VALUE > 0);
CREATE TYPE public.pair AS (a int, b text);

CREATE TABLE public.everything (
  id bigint GENERATED ALWAYS AS IDENTITY (START WITH 1000 INCREMENT BY 7) PRIMARY KEY,
  serial_id serial, title text, doubled int GENERATED ALWAYS AS (amount * 2) STORED, amount int DEFAULT 1,
  bytes bytea, numbers int[], words text[][], doc jsonb, plain json, tags hstore, mood "Größe & Co".mood, rng int4range, at timestamptz,
  addr inet, uid uuid, bits bit(3), price numeric(20, 10), dbl double precision, pt point, pos public.positive, pr public.pair, x xml);
INSERT INTO public.everything (title, amount, bytes, numbers, words, doc, plain, tags, mood, rng, at, addr, uid, bits, price, dbl, pt, pos, pr)
SELECT CASE i % 6 WHEN 0 THEN NULL WHEN 1 THEN '' WHEN 2 THEN E'tab\tnew\nline\\back\r' WHEN 3 THEN '\.' WHEN 4 THEN 'COPY x FROM stdin;' ELSE 'Zoë 😀 «»' END,
  i, decode(md5(i::text), 'hex'), ARRAY[i, NULL], '{{"a,b","c\"d"}}', jsonb_build_object('k', i, 'ü', E'\n'), '{"a": 1}', 'a=>1, "b c"=>NULL',
  'mal so, mal so', int4range(i, i + 5), '2026-10-25 02:30:00+01', '::1', md5(i::text)::uuid, B'101', i / 3.0, CASE WHEN i % 3 = 0 THEN 'NaN' ELSE i::float8 END, point(i, -i), i, ROW(i, 'x')::public.pair
FROM generate_series(1, 3000) i;

CREATE TABLE "Größe & Co"."Ta""ble.with
newline" ("Spalte 1" int, "select" text, "a'b" text);
INSERT INTO "Größe & Co"."Ta""ble.with
newline" SELECT i, 'x', E'\'' FROM generate_series(1, 11) i;
COMMENT ON TABLE "Größe & Co"."Ta""ble.with
newline" IS 'a comment; with ''quotes'' and
-- a line that looks like SQL';
COMMENT ON COLUMN public.everything.title IS E'\\! rm -rf /';
COMMENT ON SCHEMA public IS 'not the default';
CREATE TABLE "host=evil dbname=x".t (a int); INSERT INTO "host=evil dbname=x".t VALUES (1);

CREATE TABLE public.empty (a int);
CREATE TABLE public.nothing ();
INSERT INTO public.nothing DEFAULT VALUES; INSERT INTO public.nothing DEFAULT VALUES; INSERT INTO public.nothing DEFAULT VALUES;
CREATE TABLE public.only_generated (a int GENERATED ALWAYS AS (1) STORED); INSERT INTO public.only_generated DEFAULT VALUES;
CREATE UNLOGGED TABLE public.quick AS SELECT i FROM generate_series(1, 5) i;

CREATE TABLE public.log (at date NOT NULL, region text, note text) PARTITION BY RANGE (at);
CREATE TABLE public.log_2025 PARTITION OF public.log FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
CREATE TABLE public.log_2026 PARTITION OF public.log FOR VALUES FROM ('2026-01-01') TO ('2027-01-01') PARTITION BY LIST (region);
CREATE TABLE public.log_2026_eu PARTITION OF public.log_2026 FOR VALUES IN ('eu');
CREATE TABLE public.log_2026_rest PARTITION OF public.log_2026 DEFAULT;
CREATE TABLE public.log_default PARTITION OF public.log DEFAULT;
ALTER TABLE public.log ADD CONSTRAINT at_key UNIQUE (at, region, note);
INSERT INTO public.log SELECT date '2025-06-01' + i, CASE WHEN i % 2 = 0 THEN 'eu' ELSE 'us' END, 'n' || i FROM generate_series(1, 1500) i;
CREATE INDEX ON public.log (note);

CREATE TABLE public.parent (a int, b text DEFAULT 'x'); CREATE TABLE public.child (c int) INHERITS (public.parent);
INSERT INTO public.parent VALUES (1); INSERT INTO public.child VALUES (2, 'y', 3), (3, 'z', 4);

CREATE TABLE public.hen (id int PRIMARY KEY, egg int); CREATE TABLE public.egg (id int PRIMARY KEY, hen int REFERENCES public.hen DEFERRABLE INITIALLY DEFERRED);
INSERT INTO public.hen VALUES (1, 1), (2, 2); INSERT INTO public.egg VALUES (1, 1), (2, 2);
ALTER TABLE public.hen ADD FOREIGN KEY (egg) REFERENCES public.egg;
CREATE TABLE public.tree (id int PRIMARY KEY, up int REFERENCES public.tree); INSERT INTO public.tree VALUES (2, 2), (1, 2), (3, 1);

CREATE VIEW public.seen AS SELECT id, title FROM public.everything WHERE amount > 2;
CREATE VIEW "Größe & Co".star AS SELECT * FROM public.seen;
CREATE MATERIALIZED VIEW public.summary AS SELECT count(*) AS n FROM public.seen; CREATE UNIQUE INDEX ON public.summary (n);
CREATE MATERIALIZED VIEW public.unpopulated AS SELECT 1 AS a WITH NO DATA;
CREATE FUNCTION public.twice(int) RETURNS int LANGUAGE sql IMMUTABLE AS $$ SELECT $1 * 2 $$;
CREATE FUNCTION public.trap() RETURNS text LANGUAGE sql AS $f$ SELECT '
COPY public.empty (a) FROM stdin;
1
\.
' $f$;
CREATE INDEX by_function ON public.everything (public.twice(amount)); CREATE INDEX similar_title ON public.everything USING gin (title ext.gin_trgm_ops);
CREATE INDEX partly ON public.everything (title) WHERE amount > 10;
CREATE FUNCTION public.touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no trigger may fire while loading'; END $$;
CREATE TRIGGER touched BEFORE INSERT ON public.hen FOR EACH ROW EXECUTE FUNCTION public.touch();
CREATE RULE quiet AS ON DELETE TO public.tree DO INSTEAD NOTHING;

CREATE SEQUENCE public.down INCREMENT BY -3 MAXVALUE 100 START 100; SELECT nextval('public.down'), nextval('public.down');
CREATE SEQUENCE public.untouched START 77; CREATE SEQUENCE public."Seq Ü" CACHE 10; SELECT setval('public."Seq Ü"', 9223372036854775000);

CREATE TABLE public.secret (owner text, what text); INSERT INTO public.secret VALUES ('a', 'b'), ('c', 'd');
ALTER TABLE public.secret ENABLE ROW LEVEL SECURITY; ALTER TABLE public.secret FORCE ROW LEVEL SECURITY;
CREATE POLICY mine ON public.secret USING (owner = current_user);
CREATE STATISTICS public.stats (dependencies) ON a, b FROM public.parent;
SELECT lo_from_bytea(0, decode(repeat('00ff0a5c', 2000), 'hex')), lo_from_bytea(0, ''), lo_from_bytea(4711, '\x2e');
`;

/** What only a superuser can make, and a restore leaves out or must do without. `role`: one that may not exist elsewhere. */
export const PRIVILEGED = (database: string, role: string) => `
CREATE FUNCTION public.watch() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN END $$;
CREATE EVENT TRIGGER watching ON ddl_command_end EXECUTE FUNCTION public.watch(); ALTER EVENT TRIGGER watching DISABLE; COMMENT ON EVENT TRIGGER watching IS 'w';
CREATE PUBLICATION everything_out FOR ALL TABLES;
CREATE POLICY theirs ON public.secret TO ${role} USING (true); COMMENT ON POLICY theirs ON public.secret IS 'c';
GRANT SELECT ON public.everything TO ${role}; ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO ${role};
ALTER DATABASE "${database}" SET search_path = 'Größe & Co', public; ALTER DATABASE "${database}" SET timezone = 'Europe/Berlin'; ALTER DATABASE "${database}" SET log_statement = 'none';
`;

export async function makeNasty(server: Server, database: string, role: string): Promise<void> {
  await sql(server, "postgres", `CREATE DATABASE "${database}"`);
  await sql(server, database, NASTY);
  await sql(server, database, PRIVILEGED(database, role));
}

/** Everything in a database as text, in an order that does not depend on chance: two of it compare two databases byte by byte. */
export async function fingerprint(server: Server, database: string): Promise<Record<string, string>> {
  const tables = await sql<{ name: string }>(
    server,
    database,
    "SELECT format('%I.%I', n.nspname, c.relname) AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'm', 'v') AND (c.relkind <> 'm' OR c.relispopulated) AND n.nspname !~ '^pg_|^information_schema' AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e') ORDER BY 1",
  );
  const print: Record<string, string> = {};
  for (const { name } of tables) {
    const [row] = await sql<{ print: string }>(
      server,
      database,
      `SELECT count(*) || ':' || coalesce(md5(string_agg(t::text, E'\\n' ORDER BY t::text)), '') AS print FROM ONLY ${name} t`,
    );
    print[name] = row?.print ?? "";
  }
  const [objects] = await sql<{ print: string }>(
    server,
    database,
    "SELECT string_agg(loid || ':' || pageno || ':' || md5(data), ',' ORDER BY loid, pageno) AS print FROM pg_largeobject",
  );
  print["large objects"] = objects?.print ?? "";
  return print;
}

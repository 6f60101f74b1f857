-- What the cluster holds: 20,000 rows that follow from their number, so that each run has the same. There is no sequence: after a recovery its
-- value is ahead of what was given out.
CREATE TABLE customer (
  id int PRIMARY KEY,
  name text NOT NULL,
  joined date NOT NULL
);
CREATE TABLE purchase (
  id int PRIMARY KEY,
  customer int NOT NULL REFERENCES customer,
  placed timestamptz NOT NULL,
  note text
);
CREATE TABLE item (
  purchase int NOT NULL REFERENCES purchase,
  line smallint NOT NULL,
  product text NOT NULL,
  quantity int NOT NULL CHECK (quantity > 0),
  price numeric(10, 2) NOT NULL,
  PRIMARY KEY (purchase, line)
);

INSERT INTO customer
  SELECT i, (ARRAY['Zoë Müller', 'Łukasz Żak', '山田 花子', 'O''Neill'])[i % 4 + 1] || ' ' || i, '2020-02-29'::date + i % 2000
  FROM generate_series(1, 2000) AS i;
INSERT INTO purchase
  SELECT i, i % 2000 + 1, timestamptz '2025-01-01 00:00Z' + i * interval '2 hours 17 minutes', CASE WHEN i % 9 = 0 THEN 'gift, wrap it' END
  FROM generate_series(1, 6000) AS i;
INSERT INTO item
  SELECT i, line, md5(i::text || line), i % 5 + line, (i * 7919 % 99999 + 1) / 100.0
  FROM generate_series(1, 6000) AS i, generate_series(1, 2) AS line;

-- The login of the dump: IAM's tokens are its password.
CREATE ROLE holdfast_backup LOGIN;
GRANT rds_iam TO holdfast_backup;
GRANT SELECT ON ALL TABLES IN SCHEMA public TO holdfast_backup;
ANALYZE;

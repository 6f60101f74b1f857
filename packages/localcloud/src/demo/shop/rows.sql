-- Rows follow from their number, so two shops of one size are equal. `shop.rows` is about how many there will be in total.
CREATE FUNCTION pg_temp.some(share numeric) RETURNS int LANGUAGE sql STABLE
  RETURN greatest(10, (current_setting('shop.rows')::numeric * share)::int);

INSERT INTO catalog.category (parent, name)
  SELECT CASE WHEN i > 6 THEN i % 6 + 1 END, (ARRAY['Bücher', 'Café', 'Ζώα', 'Игрушки', '家電', '🎁 Geschenke'])[i % 6 + 1] || ' ' || i
  FROM generate_series(1, 40) AS i ORDER BY i;

INSERT INTO catalog.product (category, name, net, state, tags, attributes, details, thumbnail)
  SELECT i % 40 + 1, 'Product ' || i || CASE i % 5 WHEN 0 THEN ' «Größe L»' WHEN 1 THEN ' O''Reilly' WHEN 2 THEN E' tab\there' ELSE '' END,
    (i * 7919 % 99999 + 1) / 100.0, (enum_range(NULL::catalog.availability))[i % 4 + 1],
    CASE WHEN i % 3 = 0 THEN '{}' ELSE ARRAY['tag ' || i % 17, 'a "quoted" one', 'NULL', NULL] END,
    CASE WHEN i % 4 > 0 THEN catalog.hstore(ARRAY['colour', 'weight'], ARRAY[(ARRAY['red', 'grün', NULL])[i % 3 + 1], (i % 90)::text]) END,
    jsonb_build_object('sku', md5(i::text), 'size', jsonb_build_array(i % 30, i % 20, i % 10), 'text', E'line\nbreak \\ "quote" ☃'),
    CASE WHEN i % 2 = 0 THEN decode(md5(i::text) || md5((i + 1)::text), 'hex') END
  FROM generate_series(1, pg_temp.some(1.0 / 60)) AS i;

UPDATE catalog.product SET picture = lo_from_bytea((900000 + id)::oid, decode(repeat(md5(id::text), 2000), 'hex'))
  WHERE id IN (SELECT id FROM catalog.product ORDER BY id LIMIT 40);

INSERT INTO catalog.price_history
  SELECT id, daterange('2025-01-01'::date + n * 100, CASE WHEN n < 3 THEN '2025-01-01'::date + (n + 1) * 100 END), net + n
  FROM catalog.product, generate_series(0, 3) AS n;

INSERT INTO sales.customer (reference, name, email, joined, last_seen, last_address, credit, preferences)
  SELECT md5('customer ' || i)::uuid, (ARRAY['Zoë Müller', 'Łukasz Żak', 'O''Neill', '山田 花子', 'Ann "Nan" Lee', 'Ørsted'])[i % 6 + 1] || ' ' || i,
    CASE WHEN i % 9 > 0 THEN 'customer' || i || '@example.test' END, '2020-02-29'::date + i % 2400,
    CASE WHEN i % 50 = 0 THEN 'infinity' ELSE timestamptz '2026-01-01 00:00Z' + i * interval '37.000001 seconds' END,
    CASE i % 3 WHEN 0 THEN '2001:db8::1'::inet + i ELSE '10.0.0.0'::inet + i END,
    ROW((i % 1000) / 4.0, 'EUR')::sales.money, CASE WHEN i % 5 = 0 THEN NULL ELSE jsonb_build_object('newsletter', i % 2 = 0, 'lang', 'de') END
  FROM generate_series(1, pg_temp.some(0.1)) AS i;

INSERT INTO sales.address (customer, street, "PLZ", town)
  SELECT id, 'Straße des 17. Juni ' || id % 200, lpad((id * 37 % 99999)::text, 5, '0'), (ARRAY['Köln', 'Łódź', 'Αθήνα', 'Saint-Étienne'])[id % 4 + 1]
  FROM sales.customer;
UPDATE sales.customer c SET ships_to = a.id FROM sales.address a WHERE a.customer = c.id AND c.id % 2 = 0;

INSERT INTO sales."order" (id, customer, placed, took, note)
  SELECT i, i % (SELECT max(id) FROM sales.customer) + 1, timestamptz '2025-01-01 00:00Z' + i * interval '2 years 3 months' / pg_temp.some(0.2),
    i % 400 * interval '1 minute', CASE WHEN i % 7 = 0 THEN repeat('Bitte klingeln. ', i % 12) END
  FROM generate_series(1, pg_temp.some(0.2)) AS i;

INSERT INTO sales.order_line ("order", placed, line, product, quantity, unit_net)
  SELECT o.id, o.placed, n, 1000 + (o.id * 31 + n * 7) % (SELECT count(*) FROM catalog.product) * 5, n, (o.id % 5000 + n) / 100.0
  FROM sales."order" o, generate_series(1, 4) AS n WHERE n <= 1 + o.id % 4;

INSERT INTO "Lager & Versand"."Bestände"
  SELECT id, id % 300 - 5, id % 2 = 0, CASE id % 11 WHEN 0 THEN 'NaN' WHEN 1 THEN NULL ELSE id / 7.0 END, timestamp '2026-11-01 12:00' + id * interval '1 second'
  FROM catalog.product;

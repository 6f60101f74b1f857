-- What works on the rows: constraints, indexes, triggers, views. It comes after them, as in a restore: checking all at once is faster.
ALTER TABLE sales."order" ADD FOREIGN KEY (customer) REFERENCES sales.customer;
ALTER TABLE sales.order_line
  ADD PRIMARY KEY ("order", line),
  ADD FOREIGN KEY ("order", placed) REFERENCES sales."order",
  ADD FOREIGN KEY (product) REFERENCES catalog.product;
CREATE INDEX product_name_trgm ON catalog.product USING gin (name catalog.gin_trgm_ops);
CREATE INDEX product_details ON catalog.product USING gin (details jsonb_path_ops);
CREATE INDEX "Bestände: wenig" ON "Lager & Versand"."Bestände" ("Menge (Stück)") WHERE "Menge (Stück)" < 10;
CREATE INDEX ON sales."order" (customer, placed DESC);
CREATE INDEX ON sales.order_line (product) INCLUDE (quantity);
CREATE STATISTICS sales.customer_joined (dependencies) ON joined, last_address FROM sales.customer;

CREATE FUNCTION audit.note_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  -- Set, not read off the clock: the rows of two shops of one size are the same.
  INSERT INTO audit.change (at, what, before, after)
    VALUES ('2026-11-21 02:00Z', TG_TABLE_SCHEMA || '.' || TG_TABLE_NAME, to_jsonb(OLD), to_jsonb(NEW));
  RETURN NEW;
END $$;
COMMENT ON FUNCTION audit.note_change() IS 'writes old and new row of whatever it is a trigger of';
CREATE TRIGGER note_change AFTER UPDATE ON catalog.product FOR EACH ROW WHEN (OLD.net IS DISTINCT FROM NEW.net) EXECUTE FUNCTION audit.note_change();
CREATE TRIGGER note_change AFTER UPDATE ON sales."order" FOR EACH ROW EXECUTE FUNCTION audit.note_change();

UPDATE catalog.product SET net = net + 1 WHERE id % 10 = 0;
INSERT INTO audit.session SELECT md5(id::text), id, last_seen FROM sales.customer WHERE id <= 100;

CREATE VIEW sales.best_seller WITH (security_barrier) AS
  SELECT p.id, p.name, sum(l.quantity) AS sold, sum(l.total) AS net FROM sales.order_line l JOIN catalog.product p ON p.id = l.product
  GROUP BY p.id ORDER BY sold DESC, p.id LIMIT 100;
COMMENT ON VIEW sales.best_seller IS 'a view on two tables of two schemas';
CREATE MATERIALIZED VIEW sales.month AS
  SELECT date_trunc('month', placed, 'UTC') AS month, count(*) AS orders, sum(total) AS net FROM sales.order_line GROUP BY 1 ORDER BY 1;
CREATE UNIQUE INDEX ON sales.month (month);

CREATE PROCEDURE sales.refresh() LANGUAGE sql BEGIN ATOMIC
  SELECT count(*) FROM sales.best_seller;
END;

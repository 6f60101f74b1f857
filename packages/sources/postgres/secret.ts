import { isIP } from "node:net";
import { type Secrets, SecretUnusable } from "@holdfast/core";
import { z } from "zod";
import { host, port, type Target, tlsMode } from "./config.ts";
import { LoginRefused } from "./errors.ts";
import type { Login } from "./login.ts";

/** The forms that RDS and people give such a secret. Fields that we do not know are left alone: RDS adds `engine`, `dbInstanceIdentifier` and more. */
const schema = z.looseObject({
  username: z.string().min(1),
  password: z.string().min(1),
  host: host.optional(),
  port: z.union([port, z.string().regex(/^\d+$/).transform(Number).pipe(port)]).optional(),
  dbname: z.string().min(1).optional(),
  sslmode: tlsMode.optional(),
  ca: z
    .string()
    .regex(/-----BEGIN CERTIFICATE-----/)
    .optional(),
});

/** What the plan says of a login whose secret says the rest. */
type Where = Pick<Target, "connection" | "host" | "port" | "tls">;

const POSTGRES_PORT = 5432;
const amazon = /\.rds\.amazonaws\.com(\.cn)?$/i;

/** Reads and understands the secret. Throws {@link SecretUnusable}, which names fields and never values. */
export async function readLogin(where: Where, secrets: Secrets): Promise<Login> {
  return parseLogin(where, await secrets(where.connection));
}

export function parseLogin(where: Where, text: string): Login {
  const secret = schema.safeParse(json(where.connection, text));
  if (!secret.success) throw unusable(where.connection, secret.error.issues.map(({ path }) => path.join(".") || "the whole").join(", "));
  const { username, password, dbname = "postgres", sslmode, ca } = secret.data;
  const at = where.host ?? secret.data.host;
  if (!at) throw unusable(where.connection, "host");
  const listens = where.port ?? secret.data.port ?? POSTGRES_PORT;
  return {
    host: at,
    port: listens,
    user: username,
    password: async () => password,
    refused: (options) => new LoginRefused(`${at}:${listens}`, where.connection, options),
    home: dbname,
    tls: {
      mode: where.tls?.mode ?? sslmode ?? (isLoopback(at) ? "disable" : "verify-full"),
      ca: where.tls?.ca ?? ca ?? (amazon.test(at) ? "rds" : undefined),
    },
  };
}

function json(name: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // No cause: V8's message quotes the text.
    throw new SecretUnusable(`the secret ${name} is not JSON`, WANTED);
  }
}

function unusable(name: string, fields: string): SecretUnusable {
  return new SecretUnusable(`the secret ${name} has missing or unusable fields: ${fields}`, WANTED);
}
const WANTED =
  'It should look like {"host": "…", "port": 5432, "username": "…", "password": "…"}; dbname, sslmode (verify-full, verify-ca, require, disable) and ca (PEM) may be added.';

function isLoopback(name: string): boolean {
  return name === "localhost" || name === "::1" || (isIP(name) === 4 && name.startsWith("127."));
}

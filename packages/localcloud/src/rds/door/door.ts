import net, { type Socket } from "node:net";
import tls from "node:tls";
import type { Postgres } from "../../services/index.ts";
import { takePort } from "../takeport.ts";
import { askPassword, CODES, type First, fatal, parseFirst } from "./messages.ts";
import { takePacket } from "./read.ts";

/** What the door asks about who wants in. */
export type Porter = {
  /** Whether the user logs in with a token of IAM's, as members of rds_iam do. */
  byToken(user: string): Promise<boolean>;
  /** Whether a token lets the user in. */
  admits(user: string, token: string): Promise<boolean>;
};
export type Door = { readonly port: number; close(): Promise<void> };
export type Certificate = { cert: Buffer; key: Buffer };

/**
 * What listens at the endpoint of an instance. It speaks TLS, and nothing else once it has a certificate, as RDS does since PostgreSQL 15
 * (rds.force_ssl); it checks tokens of IAM itself, since the server behind it cannot; every other login it leaves to the server.
 */
export async function openDoor(
  server: Postgres,
  porter: Porter,
  certificate: Certificate | undefined,
  port: number | undefined,
): Promise<Door> {
  const guests = new Set<Socket>();
  const listener = net.createServer((socket) => {
    guests.add(socket);
    socket.on("error", () => socket.destroy()).once("close", () => guests.delete(socket));
    welcome(socket, server, porter, certificate).catch((error: unknown) => refuse(socket, "58000", String(error)));
  });
  await takePort(listener, port);
  return {
    port: (listener.address() as net.AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        listener.close(() => resolve());
        for (const guest of guests) guest.destroy();
      }),
  };
}

async function welcome(plain: Socket, server: Postgres, porter: Porter, certificate: Certificate | undefined): Promise<void> {
  let socket = plain;
  for (;;) {
    const packet = await takePacket(socket, 0);
    if (!packet || packet.length < 8) return void socket.destroy();
    const first = parseFirst(packet);
    if (first.code === CODES.cancel) return join(socket, net.connect(server.port, server.host), packet);
    if (first.code === CODES.gss) socket.write("N");
    else if (first.code !== CODES.tls) return await login(socket, first, server, porter, certificate);
    else if (!certificate) socket.write("N");
    else socket = encrypted(socket, certificate);
  }
}

function encrypted(socket: Socket, certificate: Certificate): Socket {
  socket.write("S");
  const secure = new tls.TLSSocket(socket, { isServer: true, ...certificate });
  return secure.on("error", () => secure.destroy());
}

async function login(socket: Socket, first: First, server: Postgres, porter: Porter, certificate: Certificate | undefined): Promise<void> {
  const { user, database, bytes } = first;
  if (certificate && !(socket instanceof tls.TLSSocket))
    return refuse(socket, "28000", `no pg_hba.conf entry for host "127.0.0.1", user "${user}", database "${database}", no encryption`);
  if (!(await porter.byToken(user))) return join(socket, net.connect(server.port, server.host), bytes);
  socket.write(askPassword());
  const answer = await takePacket(socket, 1);
  const token = answer?.subarray(5, -1).toString("utf8") ?? "";
  if (!(await porter.admits(user, token))) return refuse(socket, "28000", `PAM authentication failed for user "${user}"`);
  // The server trusts whoever reaches its own socket, which only its account and root do.
  join(socket, net.connect(`${server.socket}/.s.PGSQL.${server.port}`), bytes);
}

function refuse(socket: Socket, code: string, message: string): void {
  socket.end(fatal(code, message));
}

/** From here on the two speak with each other. */
function join(guest: Socket, host: Socket, first: Buffer): void {
  host.write(first);
  host.on("error", () => guest.destroy()).once("close", () => guest.destroy());
  guest.once("close", () => host.destroy());
  guest.pipe(host);
  host.pipe(guest);
}

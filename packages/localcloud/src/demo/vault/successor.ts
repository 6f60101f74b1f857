import { connect, createServer, type Server, type Socket } from "node:net";
import { DemoFailed } from "../errors.ts";
import type { Stop } from "../stage.ts";
import type { Vaults } from "./open.ts";

/** Lets the lost Vault's address lead to the one that took its place, as people would change a name in their DNS: from then on that one is backed up. */
export async function succeed({ original, fresh }: Pick<Vaults, "original" | "fresh">, stopping: Stop[]): Promise<void> {
  const open = new Set<Socket>();
  const server = createServer((from) => {
    const to = connect(portOf(fresh.url), "127.0.0.1");
    for (const [end, other] of [
      [from, to],
      [to, from],
    ] as const) {
      open.add(end);
      end.on("error", () => other.destroy()).on("close", () => open.delete(end));
      end.pipe(other);
    }
  });
  stopping.push(async () => {
    server.close();
    for (const socket of open) socket.destroy();
  });
  await listen(server, portOf(original.url));
}

const portOf = (url: string): number => Number(new URL(url).port);

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", () => reject(new DemoFailed(`somebody else took port ${port} meanwhile`, "Run it once more.")));
    server.listen(port, "127.0.0.1", resolve);
  });
}

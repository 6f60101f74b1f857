import type { Server } from "node:net";

/** Has a server listen on loopback: on that port when it is free, else on any. It does not keep a program alive that would end. */
export async function takePort(server: Server, port = 0): Promise<void> {
  const trouble = await new Promise<NodeJS.ErrnoException | undefined>((resolve) => {
    server.once("error", resolve);
    server.listen({ host: "127.0.0.1", port, exclusive: true }, () => resolve(undefined));
  });
  server.unref();
  if (!trouble) return;
  if (port === 0 || trouble.code !== "EADDRINUSE") throw trouble;
  await takePort(server);
}

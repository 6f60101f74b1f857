import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** Stands before a server on this machine. */
export type Gate = {
  port: number;
  /** Hangs up on whoever is there and whoever comes, until it is opened. */
  close(): void;
  open(): void;
  stop(): Promise<void>;
};

export async function openGate(to: { port: number }): Promise<Gate> {
  const sockets = new Set<Socket>();
  let closed = false;
  const hold = (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket)).on("error", () => {});
  };
  const hangUp = () => {
    for (const socket of sockets) socket.destroy();
  };
  const server = createServer((near) => {
    hold(near);
    if (closed) return void near.destroy();
    const far = connect(to.port, "127.0.0.1");
    hold(far);
    near.pipe(far).pipe(near);
    near.once("close", () => far.destroy());
    far.once("close", () => near.destroy());
  }).listen(0, "127.0.0.1");
  await new Promise((resolve, reject) => server.once("listening", resolve).once("error", reject));
  return {
    port: (server.address() as AddressInfo).port,
    close: () => {
      closed = true;
      hangUp();
    },
    open: () => {
      closed = false;
    },
    stop: async () => {
      hangUp();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

import { crc32 } from "node:zlib";

const BLOCK = 512;

/** A header as Go's archive/tar writes it. From 8 GiB on, `large` says how the size is told: in a record before it, or in base 256. */
export function tarHeader(name: string, size: number, large: "pax" | "gnu" = "pax", type = "0"): Buffer {
  const isLarge = size >= 8 ** 11;
  if (isLarge && large === "pax") return Buffer.concat([records(name, `size=${size}`), header(name, octal(0, 12), type)]);
  return header(name, isLarge ? base256(size) : octal(size, 12), type, isLarge);
}

/** An extended header that says `record`, padded. */
export function records(name: string, record: string): Buffer {
  let line = `${record.length + 3} ${record}\n`;
  if (line.length !== Number.parseInt(line, 10)) line = `${line.length} ${record}\n`;
  return Buffer.concat([header(`PaxHeaders.0/${name}`, octal(line.length, 12), "x"), Buffer.from(line), padding(line.length)]);
}

export const padding = (size: number) => Buffer.alloc((BLOCK - (size % BLOCK)) % BLOCK);
export const END = Buffer.alloc(2 * BLOCK);

function header(name: string, size: Buffer, type: string, gnu = false): Buffer {
  const block = Buffer.alloc(BLOCK);
  block.write(name, 0, "latin1");
  block.write("0000600\x000000000\x000000000\x00", 100, "latin1");
  size.copy(block, 124);
  block.write("15300304206\x00        ", 136, "latin1");
  block.write(type, 156, "latin1");
  block.write(gnu ? "ustar  \x00" : "ustar\x0000", 257, "latin1");
  return withSum(block);
}

/** A header whose checksum fits what stands in it. */
export function withSum(block: Buffer): Buffer {
  block.fill(" ", 148, 156);
  const sum = block.reduce((all, byte) => all + byte, 0);
  block.write(`${sum.toString(8).padStart(6, "0")}\x00 `, 148, "latin1");
  return block;
}

const octal = (number: number, bytes: number) => Buffer.from(`${number.toString(8).padStart(bytes - 1, "0")}\x00`);

function base256(number: number): Buffer {
  const field = Buffer.alloc(12);
  field.writeUIntBE(number, 6, 6);
  field[0] = 0x80;
  return field;
}

const MOST_STORED = 0xffff;
const HEADER = Buffer.from("1f8b08000000000000ff", "hex");
/** A last block with nothing in it, as Go ends a stream. */
const LAST = Buffer.from([0x03, 0x00]);

/** gzip of level 0, as OpenBao writes it since 2.6.0: blocks that are stored and not compressed. */
export function* stored(plain: Iterable<Buffer>): Generator<Buffer> {
  yield HEADER;
  let [sum, length] = [0, 0];
  for (const chunk of plain) {
    sum = crc32(chunk, sum);
    length += chunk.length;
    for (let at = 0; at < chunk.length; at += MOST_STORED) {
      const block = chunk.subarray(at, at + MOST_STORED);
      yield storedHeader(block.length);
      yield block;
    }
  }
  const trailer = Buffer.alloc(8);
  trailer.writeUInt32LE(sum, 0);
  trailer.writeUInt32LE(length % 2 ** 32, 4);
  yield Buffer.concat([LAST, trailer]);
}

function storedHeader(length: number): Buffer {
  const header = Buffer.alloc(5);
  header.writeUInt16LE(length, 1);
  header.writeUInt16LE(length ^ 0xffff, 3);
  return header;
}

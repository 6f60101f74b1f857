/** What the dynamic loader would read of a 64-bit little-endian ELF file; the test has no binutils to ask. Layout: the gABI and the LSB's symbol versions. */
export type Elf = {
  machine: "x86_64" | "arm64";
  needed: string[];
  /** Versions that it wants of other libraries. */
  wants: { library: string; version: string }[];
  /** Versions that it offers. */
  offers: string[];
};

const MACHINES: Record<number, Elf["machine"]> = { 62: "x86_64", 183: "arm64" };
const SHT_DYNAMIC = 6;
const SHT_GNU_VERDEF = 0x6ffffffd;
const SHT_GNU_VERNEED = 0x6ffffffe;
const DT_NEEDED = 1n;

type Section = { type: number; offset: number; size: number; link: number };

export function readElf(file: Buffer): Elf {
  if (file.readUInt32BE(0) !== 0x7f454c46 || file[4] !== 2 || file[5] !== 1) throw new Error("not a 64-bit little-endian ELF file");
  const machine = MACHINES[file.readUInt16LE(18)];
  if (!machine) throw new Error(`unknown machine ${file.readUInt16LE(18)}`);
  const all = sections(file);
  const of = (type: number) => all.filter((section) => section.type === type);
  const text = (section: Section, at: number) => string(file, (all[section.link]?.offset ?? 0) + at);
  return {
    machine,
    needed: of(SHT_DYNAMIC).flatMap((section) => needed(file, section, text)),
    wants: of(SHT_GNU_VERNEED).flatMap((section) => wants(file, section, text)),
    offers: of(SHT_GNU_VERDEF).flatMap((section) => offers(file, section, text)),
  };
}

type Text = (section: Section, at: number) => string;

function sections(file: Buffer): Section[] {
  const start = Number(file.readBigUInt64LE(40));
  const size = file.readUInt16LE(58);
  return Array.from({ length: file.readUInt16LE(60) }, (_, i) => {
    const at = start + i * size;
    return {
      type: file.readUInt32LE(at + 4),
      offset: Number(file.readBigUInt64LE(at + 24)),
      size: Number(file.readBigUInt64LE(at + 32)),
      link: file.readUInt32LE(at + 40),
    };
  });
}

function string(file: Buffer, at: number): string {
  return file.toString("latin1", at, file.indexOf(0, at));
}

function needed(file: Buffer, section: Section, text: Text): string[] {
  const found: string[] = [];
  for (let at = section.offset; at < section.offset + section.size; at += 16) {
    if (file.readBigUInt64LE(at) === DT_NEEDED) found.push(text(section, Number(file.readBigUInt64LE(at + 8))));
  }
  return found;
}

function wants(file: Buffer, section: Section, text: Text): Elf["wants"] {
  const found: Elf["wants"] = [];
  for (const at of chain(file, section.offset, 12)) {
    const library = text(section, file.readUInt32LE(at + 4));
    for (const aux of chain(file, at + file.readUInt32LE(at + 8), 12))
      found.push({ library, version: text(section, file.readUInt32LE(aux + 8)) });
  }
  return found;
}

function offers(file: Buffer, section: Section, text: Text): string[] {
  return [...chain(file, section.offset, 16)].map((at) => text(section, file.readUInt32LE(at + file.readUInt32LE(at + 12))));
}

/** Positions of linked records; each tells at `next` how far the one after it is, 0 for none. */
function* chain(file: Buffer, start: number, next: number): Generator<number> {
  for (let at = start; ; at += file.readUInt32LE(at + next)) {
    yield at;
    if (file.readUInt32LE(at + next) === 0) return;
  }
}

import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { beforeAll, describe, expect, test } from "vitest";
import { makeFolder } from "../../../scripts/layers/folder.mjs";
import { firstSafePsql, programs } from "../../../scripts/layers/pinned.mjs";
import { type Arch, buildLayer, clientsOf, hostArch, LAMBDA_LIMIT } from "../../../scripts/layers.mjs";
import { type Elf, readElf } from "./kit/elf.ts";

/** Amazon Linux 2023, which Lambda's Node 24 stands on, has this glibc. */
const GLIBC = { major: 2, minor: 34 };
const glibcItself = /^(libc\.so\.6|libm\.so\.6|libresolv\.so\.2|libdl\.so\.2|libpthread\.so\.0|librt\.so\.1|ld-linux-.*\.so\.\d)$/;

type File = { name: string; elf: Elf };

async function filesOf(folder: string): Promise<File[]> {
  const names = (await readdir(folder, { recursive: true })).filter((name) => /(^|\/)(bin\/[^/]+|lib\/[^/]+)$/.test(name));
  return Promise.all(names.map(async (name) => ({ name, elf: readElf(await readFile(join(folder, name))) })));
}

/** What would stop one of these files from loading beside the others on a system that has nothing but its own glibc. */
function brokenLinks(files: File[]): string[] {
  const libraries = new Map(files.filter((file) => file.name.startsWith("lib/")).map((file) => [file.name.slice(4), file.elf]));
  return files.flatMap(({ name, elf }) => [
    ...elf.needed.filter((library) => !libraries.has(library) && !glibcItself.test(library)).map((library) => `${name} needs ${library}`),
    ...elf.wants.filter((want) => !isOffered(want, libraries)).map(({ library, version }) => `${name} wants ${version} of ${library}`),
  ]);
}

function isOffered({ library, version }: Elf["wants"][number], libraries: Map<string, Elf>): boolean {
  if (!glibcItself.test(library)) return libraries.get(library)?.offers.includes(version) ?? false;
  const [major = 0, minor = 0] = version.replace("GLIBC_", "").split(".").map(Number);
  return major === GLIBC.major && minor <= GLIBC.minor;
}

describe.each<Arch>(["x86_64", "arm64"])("the layer for %s", (arch) => {
  let folder = "";
  let bytes = 0;
  let files: File[] = [];
  beforeAll(async () => {
    ({ folder, bytes } = await buildLayer(arch));
    files = await filesOf(join(folder, "postgres"));
  });

  test("holds the clients of every major version, for that machine", () => {
    const expected = programs.flatMap((it) => clientsOf(it).map((client) => `${it.major}/bin/${client}`));
    expect(files.map((file) => file.name).filter((name) => !name.startsWith("lib/"))).toEqual(expect.arrayContaining(expected));
    expect(new Set(files.map((file) => file.elf.machine))).toEqual(new Set([arch]));
  });

  test("loads on a system that has glibc 2.34 and nothing else", () => expect(brokenLinks(files)).toEqual([]));

  test("would be refused without one of its libraries", () => {
    const without = files.filter((file) => file.name !== "lib/libk5crypto.so.3");
    expect(brokenLinks(without)).toContain("lib/libgssapi_krb5.so.2 needs libk5crypto.so.3");
  });

  test("would be refused if a program wanted a newer glibc, or a version that our library lacks", () => {
    const [first] = files;
    if (!first) throw new Error("the layer is empty");
    const asking = (library: string, version: string) => ({ ...first, elf: { ...first.elf, wants: [{ library, version }] } });
    expect(brokenLinks([...files, asking("libc.so.6", "GLIBC_2.35")])).toEqual([`${first.name} wants GLIBC_2.35 of libc.so.6`]);
    expect(brokenLinks([...files, asking("libssl.so.3", "OPENSSL_9")])).toEqual([`${first.name} wants OPENSSL_9 of libssl.so.3`]);
  });

  test("leaves most of Lambda's 250 MB to others", () => expect(bytes).toBeLessThan(LAMBDA_LIMIT / 5));
});

test("no psql is shipped that a dump could make run a shell", async () => {
  for (const it of programs) {
    const isSafe = Number(it.version.split(".")[1]) >= Number(firstSafePsql[it.major]?.split(".")[1]);
    expect(clientsOf(it).includes("psql"), it.version).toBe(isSafe);
  }
  expect(clientsOf({ major: 17, version: "17.10.0" })).not.toContain("psql");
});

test("each client runs with nothing but the layer's libraries and is of the pinned version", async () => {
  const { folder } = await buildLayer(hostArch());
  for (const it of programs) {
    for (const client of clientsOf(it)) {
      const env = { LD_LIBRARY_PATH: join(folder, "postgres", "lib") };
      const { stdout } = await promisify(execFile)(join(folder, "postgres", String(it.major), "bin", client), ["--version"], { env });
      expect(stdout).toContain(` ${it.version.replace(/\.0$/, "")}`);
    }
  }
});

describe("a folder that scripts make", () => {
  const inScratch = async (work: (folder: string) => Promise<void>) => {
    const scratch = await mkdtemp(join(tmpdir(), "holdfast-layers-"));
    try {
      await work(join(scratch, "made"));
    } finally {
      await rm(scratch, { recursive: true });
    }
  };

  test("is made once for the same inputs and again for others", () =>
    inScratch(async (folder) => {
      const fill = (text: string) => (fresh: string) => writeFile(join(fresh, "a"), text);
      expect(await makeFolder(folder, "1", fill("one"))).toBe(true);
      expect(await makeFolder(folder, "1", fill("two"))).toBe(false);
      expect(await readFile(join(folder, "a"), "utf8")).toBe("one");
      expect(await makeFolder(folder, "2", fill("two"))).toBe(true);
      expect(await readFile(join(folder, "a"), "utf8")).toBe("two");
    }));

  test("is whole or not there when making it fails, and nothing is left beside it", () =>
    inScratch(async (folder) => {
      await expect(makeFolder(folder, "1", () => Promise.reject(new Error("disk full")))).rejects.toThrow("disk full");
      expect(await readdir(join(folder, ".."))).toEqual([]);
    }));

  test("survives two makers at once", () =>
    inScratch(async (folder) => {
      const fill = (fresh: string) => writeFile(join(fresh, "a"), "same");
      await Promise.all(Array.from({ length: 8 }, () => makeFolder(folder, "1", fill)));
      expect(await readFile(join(folder, "a"), "utf8")).toBe("same");
      expect(await readdir(join(folder, ".."))).toEqual(["made"]);
    }));
});

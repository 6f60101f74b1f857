import { createSeal, createUnseal, generateIdentity } from "@holdfast/age";
import { artifactKey, loadManifest } from "@holdfast/core";
import { describe, expect, test } from "vitest";
import { firstSlot, type Rig, rig } from "../../kit/rig.ts";

/** The other tests of core seal without a cipher, for speed; these hold that what they show is so for the files that are really written. */
describe("core with the seal that is really used", async () => {
  const { identity, recipient } = await generateIdentity();
  const seal = createSeal({ offlineKeys: [recipient] });
  const unseal = createUnseal({ identities: [identity] });
  const artifactOf = async (of: Rig) => {
    const ports = { store: of.store.read, list: of.store.list, trusted: of.manifestSigner.trusted };
    const { manifest } = await loadManifest({ source: "shop", slot: firstSlot }, ports, of.context.signal);
    return artifactKey(manifest, "rows.txt", true);
  };
  test("a backup is made, read and verified", async () => {
    const of = rig();
    await of.backup({}, { seal });
    expect(await of.verify(firstSlot, { unseal })).toMatchObject({ verdict: "ok", findings: [] });
    expect(of.context.counted).toBe(48);
  });
  test("a flipped bit anywhere in an artifact is found", async () => {
    for (const place of [0, 30, -1, -40]) {
      const of = rig();
      await of.backup({}, { seal });
      of.store.inside.damage({ key: await artifactOf(of) }, (bytes) => {
        const at = place < 0 ? bytes.length + place : place;
        bytes[at] = (bytes[at] ?? 0) ^ 1;
        return bytes;
      });
      expect((await of.verify(firstSlot, { unseal })).verdict, `byte ${place}`).toBe("failed");
    }
  });
  test("a key that is not at hand says nothing about the backup", async () => {
    const of = rig();
    await of.backup({}, { seal });
    const other = createUnseal({ identities: [(await generateIdentity()).identity] });
    await expect(of.verify(firstSlot, { unseal: other })).rejects.toMatchObject({ name: "KeyUnavailable", fault: "world" });
    expect(await of.keys("evidence/")).toEqual([]);
  });
});

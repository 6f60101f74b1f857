import { expect, test } from "vitest";
import { type Omit, selectEntries } from "./toclist.ts";

/** As pg_restore 18 --list writes it; the middle numbers are catalogue and oid. */
const LIST = `;
; Archive created at 2026-11-21 08:50:41 UTC
;     dbname: shop
;
6; 2615 16500 SCHEMA - ext postgres
7; 2615 16501 SCHEMA - ext tra postgres
2; 3079 16386 EXTENSION - pg_trgm
3601; 0 0 COMMENT - EXTENSION pg_trgm
217; 1259 16385 TABLE public EXTENSION postgres
3602; 0 0 COMMENT public TABLE "EXTENSION" postgres
5; 2615 2200 SCHEMA - public postgres
3603; 0 0 COMMENT - SCHEMA public postgres
3590; 0 16385 TABLE DATA public users postgres
3591; 0 16700 TABLE DATA ext spatial_ref_sys postgres
3400; 3256 16800 POLICY public users mine postgres
3401; 3256 16801 POLICY public users theirs postgres
3605; 0 0 COMMENT public POLICY mine ON users postgres
3410; 3466 16900 EVENT TRIGGER - watching postgres
3606; 0 0 COMMENT - EVENT TRIGGER watching postgres
3420; 6104 16910 PUBLICATION - all_out postgres
3421; 6106 16911 PUBLICATION TABLE public all_out users postgres
3422; 6237 16912 PUBLICATION TABLES IN SCHEMA public all_out postgres
3430; 6100 16920 SUBSCRIPTION - in postgres
3440; 1417 16930 SERVER - far postgres
3441; 0 16931 USER MAPPING - USER MAPPING postgres SERVER far postgres
3442; 826 16932 DEFAULT ACL public DEFAULT PRIVILEGES FOR TABLES postgres
3443; 0 0 ACL public TABLE users postgres
3444; 0 0 SEQUENCE SET public users_id_seq postgres
`;
const nothing: Omit = { schemas: new Set(), policies: new Set(), extensionTables: new Set(), publicComment: false };
const kept = (omit: Partial<Omit>) =>
  selectEntries(LIST, { ...nothing, ...omit })
    .trim()
    .split("\n")
    .map((line) => Number.parseInt(line, 10));
const ALWAYS = [6, 7, 217, 3602, 5, 3603, 3590, 3591, 3400, 3401, 3605, 3440, 3444];

test("what needs a superuser or reaches out is never loaded, and the order stays", () => expect(kept({})).toEqual(ALWAYS));
test.each([
  ["schemas that extensions brought, by oid and not by name", { schemas: new Set([16500]) }, [6]],
  ["policies for roles that are missing, and then comments on any policy", { policies: new Set([16801]) }, [3401, 3605]],
  ["rows of extensions' tables", { extensionTables: new Set([16700]) }, [3591]],
  ["the comment on a schema that belongs to somebody else", { publicComment: true }, [3603]],
  ["nothing else that happens to have such an oid", { policies: new Set([16385]), schemas: new Set([16385]) }, [3605]],
])("left out are %s", (_, omit, without) => expect(kept(omit)).toEqual(ALWAYS.filter((id) => !without.includes(id))));

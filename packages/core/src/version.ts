/** The version that manifests and evidence record. A test holds it to package.json. */
export const version = "0.1.0";

import { execFile } from "node:child_process";
import path from "node:path";
import { promisify } from "node:util";
import { environment } from "../environment.ts";
import { python } from "../install.ts";

/** A self-signed certificate for one name or address, made with the `cryptography` that comes for MiniStack; `name` also names its files. */
export async function certificate(folder: string, name: string): Promise<{ cert: string; key: string }> {
  const files = { cert: path.join(folder, `${name}.crt`), key: path.join(folder, `${name}.key`) };
  const { command, modules } = python();
  const env = environment(folder, { PYTHONPATH: modules });
  await promisify(execFile)(command, ["-c", CERTIFICATE, name, files.cert, files.key], { env, cwd: folder });
  return files;
}

const CERTIFICATE = `
import datetime, ipaddress, sys
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
name, cert, key = sys.argv[1:]
try: known = x509.IPAddress(ipaddress.ip_address(name))
except ValueError: known = x509.DNSName(name)
private = ec.generate_private_key(ec.SECP256R1())
subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
now, day = datetime.datetime.now(datetime.timezone.utc), datetime.timedelta(days=1)
made = (x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(private.public_key()).serial_number(x509.random_serial_number())
    .not_valid_before(now - day).not_valid_after(now + day).add_extension(x509.SubjectAlternativeName([known]), critical=False)
    .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True).sign(private, hashes.SHA256()))
open(cert, "wb").write(made.public_bytes(serialization.Encoding.PEM))
open(key, "wb").write(private.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
`;

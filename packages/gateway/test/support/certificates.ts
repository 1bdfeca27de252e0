// SPDX-License-Identifier: Apache-2.0
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Certificate {
  readonly certFile: string;
  readonly keyFile: string;
  readonly cert: string;
  readonly key: string;
}

/** @returns undefined where there is no OpenSSL to make certificates with */
export function opensslVersion(): string | undefined {
  try {
    return execFileSync('openssl', ['version'], { encoding: 'utf8' });
  } catch {
    return undefined;
  }
}

/** An authority that signs itself. */
export function makeAuthority(folder: string, name: string): Certificate {
  const files = filesOf(folder, name);
  const subject = ['-subj', `/CN=${name}`, '-days', '2'];
  openssl(['req', '-x509', ...NEW_KEY, '-keyout', files.keyFile, '-out', files.certFile, ...subject]);
  return read(files);
}

/** A certificate for `localhost` that the authority has signed. */
export function makeCertificate(folder: string, name: string, authority: Certificate): Certificate {
  const files = filesOf(folder, name);
  const request = join(folder, `${name}.csr`);
  const extensions = join(folder, `${name}.ext`);
  writeFileSync(extensions, 'subjectAltName=DNS:localhost,IP:127.0.0.1\n');
  openssl(['req', ...NEW_KEY, '-keyout', files.keyFile, '-out', request, '-subj', `/CN=${name}`]);
  const signer = ['-CA', authority.certFile, '-CAkey', authority.keyFile, '-CAcreateserial'];
  openssl([
    'x509',
    '-req',
    '-in',
    request,
    '-out',
    files.certFile,
    '-days',
    '2',
    ...signer,
    '-extfile',
    extensions,
  ]);
  return read(files);
}

const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

function filesOf(folder: string, name: string): { certFile: string; keyFile: string } {
  return { certFile: join(folder, `${name}.pem`), keyFile: join(folder, `${name}.key`) };
}

function read(files: { certFile: string; keyFile: string }): Certificate {
  return { ...files, cert: readFileSync(files.certFile, 'utf8'), key: readFileSync(files.keyFile, 'utf8') };
}

function openssl(args: string[]): void {
  execFileSync('openssl', args, { stdio: 'pipe' });
}

import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Whether `openssl` is installed. With `CI=true` a missing one is an error and not a skip. */
export const hasOpenssl: boolean = spawnSync('openssl', ['version']).error === undefined

if (!hasOpenssl) {
  const missing =
    'SKIPPED: no openssl on the PATH, so TLS is not tested. Install it: apt-get install openssl'
  if (process.env['CI'] === 'true') throw new Error(missing)
  console.warn(missing)
}

/** The paths of a self-signed certificate for 127.0.0.1 and of its key. */
export interface Certificate {
  readonly cert: string
  readonly key: string
  remove(): Promise<void>
}

export const makeCertificate = async (): Promise<Certificate> => {
  const dir = await mkdtemp(join(tmpdir(), 'redis-tls-'))
  const [cert, key] = [join(dir, 'cert.pem'), join(dir, 'key.pem')]
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1']
  const files = ['-keyout', key, '-out', cert, '-days', '1']
  execFileSync('openssl', ['req', '-x509', ...curve, ...subject, ...files], { stdio: 'ignore' })
  return { cert, key, remove: () => rm(dir, { recursive: true }) }
}

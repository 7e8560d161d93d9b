import { type ExecFileOptions, execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { PATH_WITH_GO } from '@device-grant/test-support/path-with-go'
import { reportSkipped } from '@device-grant/test-support/skipped-tests'
import test, { type ExecutionContext } from 'ava'
import { parse, parseAllDocuments } from 'yaml'
import { readConfig } from '#src/config.js'
import type { Variables } from '#src/environment.js'
import { configErrorsOf } from './config-errors.ts'
import { type TempFolder, tempFolder } from './temp-folder.ts'

const ROOT = fileURLToPath(new URL('../../..', import.meta.url))
const run = promisify(execFile)

const textOf = (path: string): Promise<string> => readFile(join(ROOT, path), 'utf8')

/** Whether a command of the shell succeeds. */
const succeeds = async (command: string, options: ExecFileOptions = {}): Promise<boolean> => {
  try {
    await run('sh', ['-c', command], options)
    return true
  } catch {
    return false
  }
}

/** What a program prints on standard output, also if its exit status is not 0. */
const outputOf = async (
  program: string,
  args: readonly string[],
  options: ExecFileOptions,
): Promise<string> => {
  try {
    return String((await run(program, args, options)).stdout)
  } catch (error) {
    return String((error as { readonly stdout?: string }).stdout)
  }
}

/** Good values of the secrets that a deployment keeps in files. */
const SECRETS = {
  SESSION_SECRET: 'vNq1fT0yq0XkP4m8q2rZ6aJd7sLw9uBe',
  OIDC_CLIENT_SECRET: 'hush',
  REDIS_URL: 'rediss://redis.example',
  MONGODB_URI: 'mongodb+srv://mongodb.example/device_grant',
}

/** The variables with files that have these secrets. */
const withSecretFiles = async (
  folder: TempFolder,
  variables: Variables,
): Promise<Variables & { readonly [name: string]: string | undefined }> => {
  const files = await Promise.all(
    Object.entries(SECRETS).map(async ([name, secret]) => {
      const variable = `${name}_FILE`
      return [variable, variables[variable] && (await folder.write(name, secret))] as const
    }),
  )
  return { ...variables, ...Object.fromEntries(files) }
}

/** Every secret must be in a file, and the settings must be good for production. */
const acceptsInProduction = async (t: ExecutionContext, variables: Variables): Promise<void> => {
  const inFiles = Object.keys(SECRETS).filter((name) => variables[`${name}_FILE`])
  t.deepEqual(inFiles, Object.keys(SECRETS))
  t.is(variables['NODE_ENV'], 'production')
  t.deepEqual(configErrorsOf(await withSecretFiles(await tempFolder(t), variables)), [])
}

const MANIFESTS = 'deploy/kubernetes/device-grant.yaml'
interface Manifest {
  readonly kind: string
  readonly [member: string]: unknown
}

const manifests = async (): Promise<readonly Manifest[]> => {
  const documents = parseAllDocuments(await textOf(MANIFESTS))
  return documents.map((document) => {
    if (document.errors[0]) throw document.errors[0]
    return document.toJS() as Manifest
  })
}

/** The folder of the schemas in the package `kubernetes-validate` of Python, `undefined` without it. */
const schemasOfKubernetes = async (): Promise<string | undefined> => {
  const print = "print(find_spec('kubernetes_validate').submodule_search_locations[0])"
  try {
    const { stdout } = await run('python3', [
      '-c',
      `from importlib.util import find_spec\n${print}`,
    ])
    return join(stdout.trim(), 'kubernetes-json-schema', 'v1.37.0-local-strict')
  } catch {
    return undefined
  }
}

/** Schemas of these manifests, and of what they refer to, as kubeconform finds them. */
const SCHEMAS = [
  'configmap-v1',
  'deployment-apps-v1',
  'poddisruptionbudget-policy-v1',
  'service-v1',
  '_definitions',
]

interface Conformity {
  readonly resources: readonly { readonly kind: string; readonly status: string }[]
}

test('the manifests fit the schemas of Kubernetes, and have no unknown member', async (t) => {
  const from = await schemasOfKubernetes()
  const kubeconform = { env: { PATH: PATH_WITH_GO } }
  if (!(await succeeds('command -v kubeconform', kubeconform)) || from === undefined) {
    return reportSkipped(
      'there is no kubeconform (go install) with kubernetes-validate (pip install), see .ci/run',
    )
  }
  const folder = await tempFolder(t)
  for (const name of SCHEMAS) {
    const schema = JSON.parse(await readFile(join(from, `${name}.json`), 'utf8'))
    // The identifiers would send kubeconform to the network for what is in this folder.
    const { $id, ...local } = schema
    const text = JSON.stringify(local).replaceAll('/api/_definitions.json', '_definitions.json')
    await folder.write(`${name}.json`, text)
  }
  const location = join(folder.path, '{{.ResourceKind}}{{.KindSuffix}}.json')
  const flags = ['-strict', '-verbose', '-output', 'json', '-schema-location', location]
  const statuses = async (text: string) => {
    const file = await folder.write('manifests.yaml', text)
    const { resources } = JSON.parse(
      await outputOf('kubeconform', [...flags, file], kubeconform),
    ) as Conformity
    return Object.fromEntries(resources.map(({ kind, status }) => [kind, status]))
  }
  const text = await textOf(MANIFESTS)
  const every = (status: string) => ({
    ConfigMap: status,
    Deployment: status,
    Service: status,
    PodDisruptionBudget: status,
  })
  t.deepEqual(await statuses(text), every('statusValid'))
  t.deepEqual(
    await statuses(text.replace(/^(spec|data):/gm, '$1s:')),
    every('statusInvalid'),
    'mistyped members are found',
  )
})

test('the pods are hardened, drain, and use the probes as documented', async (t) => {
  const documents = await manifests()
  const { spec } = documents.find(({ kind }) => kind === 'Deployment') as never as {
    spec: { template: { spec: PodSpec } }
  }
  const pod = spec.template.spec
  t.like(pod, {
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    securityContext: {
      runAsNonRoot: true,
      runAsUser: 1000,
      seccompProfile: { type: 'RuntimeDefault' },
    },
  })
  const [container, ...others] = pod.containers
  t.is(others.length, 0)
  t.like(container, {
    securityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    },
    startupProbe: { httpGet: { path: '/readyz' } },
    readinessProbe: { httpGet: { path: '/readyz' } },
    livenessProbe: { httpGet: { path: '/healthz' } },
  })
  const settings = documents.find(({ kind }) => kind === 'ConfigMap')?.['data'] as Variables
  // The server waits for requests for 10 s, and for webhooks for 2 s.
  t.true(pod.terminationGracePeriodSeconds > Number(settings['SHUTDOWN_DELAY']) + 12)
  await acceptsInProduction(t, { ...settings, HOST: '0.0.0.0' })
})

interface PodSpec {
  readonly terminationGracePeriodSeconds: number
  readonly containers: readonly object[]
}

/** Settings that the unit leaves to `/etc/device-grant/env`. */
const UNIT_ENV = {
  PUBLIC_URL: 'https://login.example.com',
  SIGN_IN: 'oidc',
  OIDC_ISSUER: 'https://id.example.com',
  OIDC_CLIENT_ID: 'device-grant',
}

const environmentOf = (unit: string): Variables =>
  Object.fromEntries(
    [...unit.matchAll(/^Environment=(\w+)=(.*)$/gm)].map(([, name, value]) => [name, value]),
  )

/** The unit as it is, and with the secrets that its comments offer. */
const units = async () => {
  const onOneMachine = await textOf('deploy/device-grant.service')
  const withSecrets = onOneMachine.replace(/^#(?=(Environment|LoadCredential)=)/gm, '')
  return { onOneMachine, withSecrets }
}

test('the unit needs no secret on one machine, and keeps the data there', async (t) => {
  const { onOneMachine } = await units()
  t.regex(onOneMachine, /^StateDirectory=device-grant$/m)
  t.regex(onOneMachine, /^StateDirectoryMode=0700$/m)
  t.notRegex(onOneMachine, /^LoadCredential=/m)
  const variables: Variables = {
    PUBLIC_URL: 'https://login.example.com',
    SIGN_IN: 'forwarded',
    TRUSTED_PROXIES: '127.0.0.1',
    ...environmentOf(onOneMachine),
  }
  t.is(variables['NODE_ENV'], 'production')
  t.is(readConfig(variables).dataDir, '%S/device-grant')
})

test('systemd accepts the unit with and without secrets, and finds it hardened', async (t) => {
  const { onOneMachine, withSecrets } = await units()
  await acceptsInProduction(t, { ...UNIT_ENV, ...environmentOf(withSecrets) })
  for (const [, name, value] of withSecrets.matchAll(/^Environment=(\w+_FILE)=%d\/(.*)$/gm)) {
    t.true(withSecrets.includes(`\nLoadCredential=${value}:`), name)
  }
  if (!(await succeeds('command -v systemd-analyze'))) {
    return reportSkipped('there is no systemd-analyze to verify deploy/device-grant.service with')
  }
  for (const unit of [onOneMachine, withSecrets]) {
    const folder = await tempFolder(t)
    // The program of the unit must exist.
    const here = unit.replace('/usr/bin/node', process.execPath)
    const file = await folder.write('device-grant.service', here)
    const verified = await run('systemd-analyze', ['verify', '--man=no', file])
    t.is(verified.stdout + verified.stderr, '')
    const threshold = '--threshold=20'
    await t.notThrowsAsync(run('systemd-analyze', ['security', '--offline=true', threshold, file]))
    const broken = here.replace('ProtectHome=yes', 'ProtectHom=1')
    const wrong = await folder.write('wrong.service', broken)
    t.regex((await run('systemd-analyze', ['verify', '--man=no', wrong])).stderr, /ProtectHom/)
  }
})

/** Values of the variables that `compose.yaml` needs. */
const COMPOSE_ENV = {
  SESSION_SECRET: SECRETS.SESSION_SECRET,
  REDIS_PASSWORD: 'hunter2',
  MONGODB_PASSWORD: 'hunter3',
  MONGODB_KEY: 'hunter4',
}

interface ComposeService {
  readonly image?: string
  readonly environment: Variables
  readonly [member: string]: unknown
}

test('compose.yaml has passwords, pinned images and no privileges', async (t) => {
  const text = (await textOf('compose.yaml')).replace(
    /\$\{(\w+):\?[^}]*\}/g,
    (_, name: keyof typeof COMPOSE_ENV) => COMPOSE_ENV[name],
  )
  const { services } = parse(text, { merge: true }) as {
    readonly services: Readonly<Record<string, ComposeService>>
  }
  t.deepEqual(Object.keys(services), ['redis', 'mongodb', 'server'])
  for (const [name, service] of Object.entries(services)) {
    t.deepEqual(service['cap_drop'], ['ALL'], name)
    t.is(service['read_only'], true, name)
    t.deepEqual(service['security_opt'], ['no-new-privileges:true'], name)
    if (name === 'server') continue
    t.regex(service.image ?? '', /:\d+\.\d+\.\d+(-\w+)?$/, name)
    t.truthy(service['healthcheck'], name)
    t.truthy(service['user'], name)
    t.is(service['ports'], undefined, name)
  }
  const settings = services['server']?.environment ?? {}
  t.deepEqual(configErrorsOf({ ...settings, HOST: '0.0.0.0' }), [])
  t.true(settings['REDIS_URL']?.includes(':hunter2@'))
  t.true(settings['MONGODB_URI']?.includes(':hunter3@'))
})

test('compose accepts compose.yaml, and starts nothing without passwords', async (t) => {
  const file = join(ROOT, 'compose.yaml')
  const command = (await succeeds('docker compose version'))
    ? { name: 'docker', first: ['compose'] }
    : { name: 'docker-compose', first: [] }
  if (!(await succeeds(`command -v ${command.name}`))) {
    return reportSkipped('there is no docker compose to check compose.yaml with')
  }
  const folder = await tempFolder(t)
  const noSettings = await folder.write('.env', '')
  const config = (env: Variables) =>
    run(command.name, [...command.first, '--env-file', noSettings, '-f', file, 'config', '-q'], {
      env: { PATH: process.env['PATH'], HOME: folder.path, ...env },
    })
  await t.notThrowsAsync(config(COMPOSE_ENV))
  const error = await t.throwsAsync(config({ ...COMPOSE_ENV, MONGODB_PASSWORD: undefined }))
  t.regex(error?.message ?? '', /is missing, see compose\.yaml/)
})

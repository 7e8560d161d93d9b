// Releases the packages: npm run release, or npm run release -- --dry-run
//
// Packs them into `tarballs`, installs the tarballs in empty folders with npm and with pnpm, and
// logs in at the installed server. Without --dry-run it then publishes those tarballs with
// provenance, which needs the identity of a GitHub workflow.
import { spawnSync } from 'node:child_process'
import {
  copyFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { logIn } from './log-in.js'

const PNPM = `npx -y ${JSON.parse(readFileSync('package.json', 'utf8')).packageManager}`
const TARBALLS = 'tarballs'

const main = async () => {
  const isDryRun = process.argv.includes('--dry-run')
  if (!isDryRun && process.env.ACTIONS_ID_TOKEN_REQUEST_URL === undefined) {
    throw new Error('Only the release workflow publishes. Here, run it with --dry-run.')
  }
  const packages = publishable()
  pack(packages)
  for (const install of [installWithNpm, installWithPnpm]) await tryOut(packages, install)
  if (isDryRun) say(`Nothing was published. The tarballs are in ${TARBALLS}.`)
  else publish(packages)
}

/** The manifests of all packages that are not private, each after those that it depends on. */
const publishable = () => {
  const waiting = ['packages', 'apps']
    .flatMap((folder) => readdirSync(folder).map((name) => join(folder, name, 'package.json')))
    .map((path) => JSON.parse(readFileSync(path, 'utf8')))
    .filter((manifest) => !manifest.private)
  const ordered = []
  while (waiting.length > 0) {
    const next = waiting.findIndex(
      ({ dependencies = {} }) => !waiting.some(({ name }) => name in dependencies),
    )
    ordered.push(...waiting.splice(next, 1))
  }
  return ordered
}

const tarballOf = ({ name, version }) =>
  `${TARBALLS}/${name.replace('@', '').replace('/', '-')}-${version}.tgz`

const pack = (packages) => {
  rmSync(TARBALLS, { recursive: true, force: true })
  const filters = packages.map(({ name }) => `--filter ${name}`).join(' ')
  run(`${PNPM} -r ${filters} pack --json --pack-destination ${TARBALLS}`)
  for (const manifest of packages) say(`packed ${tarballOf(manifest)}`)
}

/** Installs the tarballs in an empty folder and uses them there. */
const tryOut = async (packages, install) => {
  const folder = mkdtempSync(join(tmpdir(), 'device-grant-release-'))
  try {
    const dependencies = Object.assign({}, ...packages.map((one) => one.peerDependencies))
    for (const manifest of packages) {
      const tarball = basename(tarballOf(manifest))
      copyFileSync(tarballOf(manifest), join(folder, tarball))
      dependencies[manifest.name] = `file:./${tarball}`
    }
    const manifest = { private: true, type: 'module', dependencies }
    writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest))
    install(folder, packages, dependencies)
    const entries = packages.flatMap(({ name, exports = {} }) =>
      Object.keys(exports).map((entry) => name + entry.slice('.'.length)),
    )
    writeFileSync(
      join(folder, 'entries.js'),
      entries.map((entry) => `import '${entry}'\n`).join(''),
    )
    run('node entries.js', folder)
    say(`  imported ${entries.length} entries`)
    const home = join(folder, 'node_modules/device-grant')
    const { bin } = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8'))
    say(`  logged in as ${await logIn(join(home, bin['device-grant']), folder)}`)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const installWithNpm = (folder) => {
  run('npm install --no-audit --no-fund --loglevel=error', folder)
  say('installed with npm')
}

const installWithPnpm = (folder, packages, dependencies) => {
  // pnpm would look for the tarballs' dependencies on each other at the registry only.
  const overrides = Object.fromEntries(packages.map(({ name }) => [name, dependencies[name]]))
  writeFileSync(join(folder, 'pnpm-workspace.yaml'), JSON.stringify({ overrides }))
  run(`${PNPM} install --reporter=silent`, folder)
  say('installed with pnpm')
}

const publish = (packages) => {
  for (const manifest of packages) {
    const id = `${manifest.name}@${manifest.version}`
    if (spawnSync(`npm view ${id} version`, { shell: true, encoding: 'utf8' }).stdout !== '') {
      say(`${id} is published already`)
      continue
    }
    run(`npm publish ./${tarballOf(manifest)} --access public --provenance`)
    say(`published ${id}`)
  }
  // Prints the tags that the workflow makes releases of.
  console.log(run('npx changeset tag'))
}

/** @throws {Error} with the output, if the command fails. */
const run = (command, cwd = '.') => {
  const { status, stdout, stderr } = spawnSync(command, {
    shell: true,
    cwd,
    encoding: 'utf8',
    maxBuffer: Number.POSITIVE_INFINITY,
  })
  if (status !== 0) throw new Error(`${command} failed:\n${stdout}${stderr}`)
  return stdout
}

const say = (text) => console.log(text)

await main().catch((error) => {
  console.error(error.message)
  process.exitCode = 1
})

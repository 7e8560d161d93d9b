import { execFile } from 'node:child_process'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const run = promisify(execFile)
const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url))

/** The package of the server, installed by npm in a folder that had nothing else. */
export interface InstalledPackage {
  readonly folder: string
  /** The program that its `bin` names. */
  readonly program: string
  /** Every package in the folder. */
  readonly packages: readonly string[]
  remove(): Promise<void>
}

/** Bundles the server, packs it and installs the tarball. */
export const installPackage = async (): Promise<InstalledPackage> => {
  const folder = await mkdtemp(join(tmpdir(), 'device-grant-installed-'))
  const remove = () => rm(folder, { recursive: true, force: true })
  try {
    await run(process.execPath, [join(REPOSITORY, 'tools/bundle.js')])
    const pack = ['pack', join(REPOSITORY, 'apps/server/bundle'), '--pack-destination', folder]
    await run('npm', pack)
    const [tarball = ''] = await readdir(folder)
    await writeFile(join(folder, 'package.json'), '{ "private": true }')
    const flags = ['--prefer-offline', '--no-audit', '--no-fund', '--ignore-scripts']
    await run('npm', ['install', `./${tarball}`, ...flags], { cwd: folder })
    const modules = join(folder, 'node_modules')
    const packages = (await readdir(modules)).filter((name) => !name.startsWith('.'))
    return { folder, program: join(modules, 'device-grant/dist/main.js'), packages, remove }
  } catch (error) {
    await remove()
    throw error
  }
}

/** Finds a Node of this version at the registry of npm. `undefined` if it is not there. */
export const nodeOf = async (version: string): Promise<string | undefined> => {
  const print = "process.stdout.write(process.version + ' ' + process.execPath)"
  try {
    const { stdout } = await run('npx', ['-y', '-p', `node@${version}`, 'node', '-e', print])
    const [found, path] = stdout.split(' ')
    return found === `v${version}` ? path : undefined
  } catch {
    return undefined
  }
}

// Reports the public types of every entry of every package, into packages/*/api:
//
//   npm run api-report           writes the reports
//   node tools/api-report.js     shows what has changed since, and fails if anything has
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { CompilerState, Extractor, ExtractorConfig } from '@microsoft/api-extractor'

const isUpdate = process.argv.includes('--update')
const created = mkdtempSync(join(tmpdir(), 'api-report-'))
process.on('exit', () => rmSync(created, { recursive: true, force: true }))

const main = () => {
  let isCurrent = true
  for (const name of readdirSync('packages')) {
    const { exports, private: isPrivate } = readManifest(name)
    if (isPrivate) continue
    const committed = `packages/${name}/api`
    const current = join(created, name)
    report(name, exports, current)
    if (isUpdate) {
      rmSync(committed, { recursive: true, force: true })
      cpSync(current, committed, { recursive: true })
    } else isCurrent = showDifference(committed, current) && isCurrent
  }
  if (isCurrent) return
  console.error('\nThe public types have changed: update the reports with `npm run api-report`.')
  process.exitCode = 1
}

const readManifest = (name) => JSON.parse(readFileSync(`packages/${name}/package.json`, 'utf8'))

/** Writes one report for each entry of the package. */
const report = (name, exports, reportFolder) => {
  const projectFolder = resolve('packages', name)
  const entries = Object.entries(exports).map(([entry, { types }]) => ({
    reportFileName: `${entry === '.' ? 'index' : entry.slice('./'.length)}.api.md`,
    mainEntryPointFilePath: join(projectFolder, types),
  }))
  mkdirSync(reportFolder)
  const configs = entries.map(({ reportFileName, mainEntryPointFilePath }) =>
    ExtractorConfig.prepare({
      packageJsonFullPath: join(projectFolder, 'package.json'),
      configObjectFullPath: undefined,
      configObject: {
        projectFolder,
        mainEntryPointFilePath,
        newlineKind: 'lf',
        compiler: {
          overrideTsconfig: {
            extends: '../../tsconfig.base.json',
            files: entries.map((entry) => entry.mainEntryPointFilePath),
          },
        },
        apiReport: {
          enabled: true,
          reportFolder,
          reportTempFolder: join(created, 'temp'),
          reportFileName,
          includeForgottenExports: true,
        },
        docModel: { enabled: false },
        dtsRollup: { enabled: false },
        tsdocMetadata: { enabled: false },
        messages: {
          compilerMessageReporting: { default: { logLevel: 'error' } },
          extractorMessageReporting: { default: { logLevel: 'none' } },
          tsdocMessageReporting: { default: { logLevel: 'none' } },
        },
      },
    }),
  )
  const [first, ...others] = configs
  const additionalEntryPoints = others.map((config) => config.mainEntryPointFilePath)
  const compilerState = CompilerState.create(first, { additionalEntryPoints })
  for (const config of configs) {
    const { errorCount } = Extractor.invoke(config, {
      compilerState,
      localBuild: true,
      messageCallback: (message) => {
        message.handled = message.logLevel !== 'error'
      },
    })
    if (errorCount > 0) throw new Error(`No report of ${config.mainEntryPointFilePath}`)
  }
}

/** Whether there is none. */
const showDifference = (committed, current) => {
  const args = ['--no-pager', 'diff', '--no-index', '--', committed, current]
  return spawnSync('git', args, { stdio: 'inherit' }).status === 0
}

main()

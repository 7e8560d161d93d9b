// Installs the dependencies and builds what has changed. Prints nothing unless that fails,
// so that the output of `npm start` and `npm run login` is the program's own.
import { spawnSync } from 'node:child_process'

// `npm run --silent` would hide the errors of the `npx` inside.
const { status, stdout, stderr } = spawnSync(
  'npm run --loglevel=error bootstrap && npm run --loglevel=error build',
  { shell: true, encoding: 'utf8', maxBuffer: Number.POSITIVE_INFINITY },
)
if (status !== 0) {
  process.stderr.write(stdout + stderr)
  process.exit(status ?? 1)
}

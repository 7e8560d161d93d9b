import { openBrowser } from './open-browser.ts'
import { runLogin } from './run-login.ts'

const { env, stdout, stderr } = process
const io = { env, stdout, stderr, openBrowser, program: 'npm run login --' }
process.exitCode = await runLogin(process.argv.slice(2), io)

import { type LoginCommand, runLogin } from './login.ts'
import { openBrowser } from './terminal.ts'

const { env, stdout, stderr } = process
const program = (command: LoginCommand): string =>
  command === 'login' ? 'npm run login --' : `npm run login -- ${command}`
const io = { env, stdout, stderr, openBrowser, program, folder: 'device-grant-example' }
process.exitCode = await runLogin(process.argv.slice(2), io)

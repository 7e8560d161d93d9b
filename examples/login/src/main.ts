import { openBrowser } from './open-browser.ts'
import { type LoginCommand, runLogin } from './run-login.ts'

const { env, stdout, stderr } = process
const program = (command: LoginCommand): string =>
  ['npm run login --', command === 'login' ? [] : command].flat().join(' ')
const io = { env, stdout, stderr, openBrowser, program, folder: 'device-grant-example' }
process.exitCode = await runLogin(process.argv.slice(2), io)

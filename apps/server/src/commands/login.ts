import type { LoginCommand } from '@device-grant/example-login/login'
import type { Command } from './command.ts'

const command = (name: LoginCommand, flags: string, meaning: string): Command => ({
  name,
  flags,
  meaning,
  run: async (args, { env, out, err, terminal }) => {
    // Servers and other commands do without a client.
    const { runLogin } = await import('@device-grant/example-login/login')
    const { openBrowser } = await import('@device-grant/example-login/terminal')
    const { isTTY, columns, rows } = terminal ?? {}
    const io = {
      env,
      stdout: { write: out },
      stderr: { write: err, isTTY, columns, rows },
      openBrowser,
      program: (other: LoginCommand) => `device-grant ${other}`,
      folder: 'device-grant',
    }
    return runLogin([name, ...args], io)
  },
})

/** Logs this terminal in at a server, and keeps the key. */
export const login: Command = command(
  'login',
  '[URL] [--device-name X] [--no-browser] [--json]',
  'logs this terminal in at the server of that PUBLIC_URL, and keeps the key',
)

/** Asks the server whose key it is. */
export const whoami: Command = command('whoami', '[URL] [--json]', 'prints the owner of that key')

/** Revokes the key. */
export const logout: Command = command(
  'logout',
  '[URL] [--json]',
  'revokes that key and forgets it',
)

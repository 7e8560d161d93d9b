import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Variables } from './terminal.ts'

const isSet = (value: string | undefined): boolean => !['', '0', 'false', undefined].includes(value)

/**
 * Tells if a browser on this machine would open where the person sits. It would not over SSH, in CI
 * or without a display.
 */
export const canOpenBrowser = (env: Variables, platform: NodeJS.Platform): boolean => {
  if (isSet(env['CI']) || env['SSH_CONNECTION'] || env['SSH_CLIENT'] || env['SSH_TTY']) return false
  return ['darwin', 'win32'].includes(platform) || Boolean(env['DISPLAY'] || env['WAYLAND_DISPLAY'])
}

/** The command that opens a page. No shell is used, so nothing in the address can be a command. */
const command = (platform: NodeJS.Platform): readonly [string, ...string[]] => {
  if (platform === 'darwin') return ['open']
  return platform === 'win32' ? ['rundll32', 'url.dll,FileProtocolHandler'] : ['xdg-open']
}

/** Opens a page in the person's browser. Returns `false` if there is no program that opens pages. */
export const openBrowser = async (page: URL): Promise<boolean> => {
  const [program, ...args] = command(process.platform)
  const child = spawn(program, [...args, page.href], { detached: true, stdio: 'ignore' })
  child.unref()
  // A program that is missing has 'error' instead, which rejects.
  return once(child, 'spawn').then(
    () => true,
    () => false,
  )
}

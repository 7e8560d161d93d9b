import { setTimeout as pause } from 'node:timers/promises'
import openInBrowser from 'open'
import type { DeviceAuthorizationResponse } from 'openid-client'
import { renderUnicodeCompact } from 'uqr'

/** Environment variables by name. */
export type Variables = Readonly<Record<string, string | undefined>>

/** The person's terminal, for example `process.stderr`. */
export interface Terminal {
  write(text: string): unknown
  readonly isTTY?: boolean | undefined
  /** Its size in cells, if it is a terminal. */
  readonly columns?: number | undefined
  readonly rows?: number | undefined
}

/** These two of 256 colours do not follow the theme of the terminal, unlike the first 16. */
const BLACK_ON_WHITE = '\u001b[38;5;16;48;5;231m'
const RESET = '\u001b[0m'
/** Lines below the QR code that must stay visible with it. */
const TEXT_ROWS = 8
const LOOPBACK = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/

const FRAMES = '⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏'
const CLEAR_LINE = '\r\u001b[K'
/** A line that wraps could not be written over, so narrow terminals get no spinner. */
const MIN_COLUMNS = 42

/** Tells if a terminal moves the cursor and clears lines. */
const hasCursor = ({ isTTY }: Terminal, env: Variables): boolean =>
  isTTY === true && env['TERM'] !== 'dumb'

/** Removes control and formatting characters, because a server could move the cursor with them. */
export const printable = (text: string): string => text.replace(/[\p{Cc}\p{Cf}]/gu, '')

/**
 * Tells if a browser on this machine would open where the person sits. It would not over SSH, in CI
 * or without a display.
 */
export const canOpenBrowser = (env: Variables, platform: NodeJS.Platform): boolean => {
  const isSet = (name: string): boolean => !['', '0', 'false'].includes(env[name] ?? '')
  if (['CI', 'SSH_CONNECTION', 'SSH_CLIENT', 'SSH_TTY'].some(isSet)) return false
  return ['darwin', 'win32'].includes(platform) || ['DISPLAY', 'WAYLAND_DISPLAY'].some(isSet)
}

/** How long the program that opens pages may take to fail, in milliseconds. */
const FAILS_WITHIN_MS = 1000

/**
 * Opens a page in the person's browser. Returns `false` if no program that opens pages starts. On
 * Windows that program ends late, and the person must not wait for the code.
 */
export const openBrowser = (page: URL): Promise<boolean> => {
  const opened = openInBrowser(page.href).then(
    () => true,
    () => false,
  )
  return Promise.race([opened, pause(FAILS_WITHIN_MS, true)])
}

/** The QR code of a page, if it fits. Another device cannot open a page on loopback. */
const qrCode = ({ href, hostname }: URL, { columns = 0, rows = 0 }: Terminal): string => {
  // Scanners find the code by its light border of two modules.
  const lines = renderUnicodeCompact(href, { border: 2, invert: true }).split('\n')
  const fits = `  ${lines[0]}`.length <= columns && lines.length + TEXT_ROWS <= rows
  if (!fits || LOOPBACK.test(hostname)) return ''
  return ['', ...lines.map((line) => `  ${BLACK_ON_WHITE}${line}${RESET}`), ''].join('\n')
}

/** Opens the page of the codes if it can, and says what the person has to do to approve the login. */
export const showCodes = async (
  codes: DeviceAuthorizationResponse,
  terminal: Terminal,
  env: Variables,
  open?: (page: URL) => Promise<boolean>,
): Promise<void> => {
  const { user_code, verification_uri, verification_uri_complete } = codes
  const page = new URL(verification_uri_complete ?? verification_uri)
  if (!/^https?:$/.test(page.protocol)) {
    throw new Error(`The server names a page that is not on the web: ${page.href}`)
  }
  const isStyled = hasCursor(terminal, env) && !env['NO_COLOR']
  const code = isStyled ? `\u001b[1m${printable(user_code)}\u001b[22m` : printable(user_code)
  if (canOpenBrowser(env, process.platform) && (await open?.(page))) {
    const task = verification_uri_complete
      ? 'Approve in your browser, if it shows this code:'
      : 'Enter this code in your browser:'
    terminal.write(`\n  ${task}\n\n      ${code}\n\n  No browser? Open ${page.href}\n\n`)
  } else {
    if (isStyled) terminal.write(qrCode(page, terminal))
    terminal.write(`\n  Open   ${new URL(verification_uri).href}\n  Enter  ${code}\n\n`)
  }
}

/** The line that shows how long a code still works. */
export interface Waiting {
  /** Writes a line above it. */
  tell(text: string): void
  stop(): void
}

/** Shows how long the code still works, and draws it again each second in a terminal. */
export const showWaiting = (seconds: number, terminal: Terminal, env: Variables): Waiting => {
  const end = Date.now() + seconds * 1000
  const isDrawn = hasCursor(terminal, env) && (terminal.columns ?? 0) >= MIN_COLUMNS
  let frame = 0
  const draw = (): void => {
    const left = Math.max(0, Math.round((end - Date.now()) / 1000))
    const time = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, '0')}`
    const spinner = FRAMES[frame++ % FRAMES.length]
    terminal.write(`${CLEAR_LINE}  ${spinner} Waiting for approval, ${time} left `)
  }
  const timer = isDrawn ? setInterval(draw, 1000) : undefined
  const interrupt = (): never => {
    terminal.write('\n')
    process.exit(130)
  }
  process.once('SIGINT', interrupt)
  if (isDrawn) draw()
  else terminal.write('  Waiting for approval ...\n')
  return {
    tell: (text) => {
      if (isDrawn) terminal.write(CLEAR_LINE)
      terminal.write(`  ${text}\n`)
      if (isDrawn) draw()
    },
    stop: () => {
      process.off('SIGINT', interrupt)
      clearInterval(timer)
      if (isDrawn) terminal.write(CLEAR_LINE)
    },
  }
}

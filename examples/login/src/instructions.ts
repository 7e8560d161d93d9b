import type { DeviceAuthorizationResponse } from 'openid-client'
import { qrCode } from './qr-code.ts'
import { hasStyle, printable, type Terminal, type Variables } from './terminal.ts'

const LOOPBACK = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/
/** Lines below the QR code that must stay visible with it. */
const TEXT_ROWS = 8

/** The page where the person decides, with the code in its address if the server offers that. */
export const verificationPage = (codes: DeviceAuthorizationResponse): URL => {
  const page = new URL(codes.verification_uri_complete ?? codes.verification_uri)
  if (/^https?:$/.test(page.protocol)) return page
  throw new Error(`The server names a page that is not on the web: ${page.href}`)
}

/** The QR code of a page. Another device cannot open a page on loopback, or scan part of a code. */
const scannable = (page: URL, terminal: Terminal, env: Variables): readonly string[] => {
  if (!hasStyle(terminal, env) || LOOPBACK.test(page.hostname)) return []
  const { lines, columns } = qrCode(page.href)
  const fits =
    columns + 2 <= (terminal.columns ?? 0) && lines.length + TEXT_ROWS <= (terminal.rows ?? 0)
  return fits ? ['', ...lines.map((line) => `  ${line}`)] : []
}

/** Says what the person has to do to approve the login. */
export const instructions = (
  codes: DeviceAuthorizationResponse,
  isBrowserOpen: boolean,
  terminal: Terminal,
  env: Variables,
): string => {
  const page = verificationPage(codes)
  const code = printable(codes.user_code)
  const shown = hasStyle(terminal, env) ? `\u001b[1m${code}\u001b[22m` : code
  if (!isBrowserOpen) {
    const entry = new URL(codes.verification_uri).href
    const text = ['', `  Open   ${entry}`, `  Enter  ${shown}`, '', '']
    return [...scannable(page, terminal, env), ...text].join('\n')
  }
  const task = codes.verification_uri_complete
    ? 'Approve in your browser, if it shows this code:'
    : 'Enter this code in your browser:'
  return `\n  ${task}\n\n      ${shown}\n\n  No browser? Open ${page.href}\n\n`
}

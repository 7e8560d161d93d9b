/** The server at a SIGHUP. */
export interface HangUp {
  /** Whether it reads from a terminal or writes to one. */
  readonly isTerminal: boolean
  readonly platform: NodeJS.Platform
  /** Whether it has files that it can read again. */
  readonly canReload: boolean
  /** Whether a secret is in a file, which is read at the start only. */
  readonly hasSecretFile: boolean
}

/**
 * What SIGHUP does. It comes from a terminal that closes, which ends the server, or from a service
 * manager or a person who has changed a file. Windows sends it only when a console closes.
 */
export const hangUpEffect = ({
  isTerminal,
  platform,
  canReload,
  hasSecretFile,
}: HangUp): 'stop' | 'reload' | 'none' => {
  if (isTerminal || platform === 'win32') return 'stop'
  if (canReload) return 'reload'
  return hasSecretFile ? 'none' : 'stop'
}

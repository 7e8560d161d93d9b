/** The server at a SIGHUP. */
export interface HangUp {
  /** Whether it reads from a terminal or writes to one. */
  readonly isTerminal: boolean
  readonly platform: NodeJS.Platform
  /** Whether it has files that it can read again. */
  readonly canReload: boolean
}

/**
 * What SIGHUP does. It comes from a terminal that closes, which ends the server, or from a service
 * manager or a person who has changed a file. Windows sends it only when a console closes.
 */
export const hangUpEffect = ({ isTerminal, platform, canReload }: HangUp): 'stop' | 'reload' =>
  isTerminal || platform === 'win32' || !canReload ? 'stop' : 'reload'

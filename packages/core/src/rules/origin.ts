/** Where a request for a device code came from. Evidence for the person who approves it, no proof. */
export interface Origin {
  /** IP address, as the server saw it. */
  readonly address?: string
  /** The program, as it named itself (`User-Agent`); whoever hands it over keeps it short. */
  readonly userAgent?: string
}

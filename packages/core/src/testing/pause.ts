const PAUSE_MS = 20

/** Waits between two polls, so that connections and timers get their turn. */
export const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, PAUSE_MS))

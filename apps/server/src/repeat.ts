import { setTimeout } from 'node:timers/promises'

type Work = () => Promise<void>

/** Resolves after so many milliseconds, or earlier if the signal is aborted. */
export type Pause = (ms: number, signal: AbortSignal) => Promise<void>

export interface RepeatOptions {
  /** Ends the repetition when aborted. Work in progress is not interrupted. */
  readonly signal: AbortSignal
  /** Called with each error of the work until the signal is aborted. */
  readonly onError: (error: unknown) => void
  /** @default a pause in real time */
  readonly pause?: Pause | undefined
}

/** Repeats the work until it has succeeded once. `pauseMs` is in milliseconds. */
export const repeatUntilDone = async (
  work: Work,
  pauseMs: number,
  options: RepeatOptions,
): Promise<void> => {
  const { signal, pause = pauseInRealTime } = options
  while (!signal.aborted && !(await succeeds(work, options))) await pause(pauseMs, signal)
}

/** Repeats the work after successes and errors alike. `pauseMs` is in milliseconds. */
export const repeatUntilStopped = async (
  work: Work,
  pauseMs: number,
  options: RepeatOptions,
): Promise<void> => {
  const { signal, pause = pauseInRealTime } = options
  while (!signal.aborted) {
    await succeeds(work, options)
    await pause(pauseMs, signal)
  }
}

const succeeds = async (work: Work, { signal, onError }: RepeatOptions): Promise<boolean> => {
  try {
    await work()
    return true
  } catch (error) {
    if (!signal.aborted) onError(error)
    return false
  }
}

/** Pauses in real time. */
export const pauseInRealTime: Pause = async (ms, signal) => {
  try {
    await setTimeout(ms, undefined, { signal })
  } catch {
    // The signal was aborted, so the pause ends early.
  }
}

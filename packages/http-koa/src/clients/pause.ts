import { setTimeout } from 'node:timers/promises'
import type { Pause } from './held-answers.ts'

/** Waits in real time. */
export const pauseInRealTime: Pause = (ms, signal) =>
  setTimeout(ms, undefined, { signal }).catch(() => undefined)

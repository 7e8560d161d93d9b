import { hasCursor, type Terminal, type Variables } from './terminal.ts'

const FRAMES = '⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏'
const CLEAR_LINE = '\r\u001b[K'
/** A line that wraps could not be written over, so narrow terminals get no spinner. */
const MIN_COLUMNS = 42

/** The time, and what happens again and again in it. */
export interface Ticks {
  /** Epoch milliseconds. */
  now(): number
  /** Repeats an action each second until the returned function is called. */
  eachSecond(action: () => void): () => void
}

const SYSTEM: Ticks = {
  now: Date.now,
  eachSecond: (action) => {
    const timer = setInterval(action, 1000)
    return () => clearInterval(timer)
  },
}

/** The line that shows how long a code still works. */
export interface Waiting {
  /** Writes a line above it. */
  tell(text: string): void
  stop(): void
}

/** Shows how long the code still works, and draws it again each second in a terminal. */
export const showWaiting = (
  seconds: number,
  terminal: Terminal,
  env: Variables,
  { now, eachSecond }: Ticks = SYSTEM,
): Waiting => {
  const end = now() + seconds * 1000
  const isDrawn = hasCursor(terminal, env) && (terminal.columns ?? 0) >= MIN_COLUMNS
  let frame = 0
  const draw = (): void => {
    const left = Math.max(0, Math.round((end - now()) / 1000))
    const time = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, '0')}`
    const spinner = FRAMES[frame++ % FRAMES.length]
    terminal.write(`${CLEAR_LINE}  ${spinner} Waiting for approval, ${time} left `)
  }
  const clear = (): void => {
    if (isDrawn) terminal.write(CLEAR_LINE)
  }
  const interrupt = (): never => {
    terminal.write('\n')
    process.exit(130)
  }
  process.once('SIGINT', interrupt)
  if (isDrawn) draw()
  else terminal.write('  Waiting for approval ...\n')
  const stopDrawing = isDrawn ? eachSecond(draw) : undefined
  return {
    tell: (text) => {
      clear()
      terminal.write(`  ${text}\n`)
      if (isDrawn) draw()
    },
    stop: () => {
      process.off('SIGINT', interrupt)
      stopDrawing?.()
      clear()
    },
  }
}

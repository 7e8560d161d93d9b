const FRAMES = '⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏'
const CLEAR_LINE = '\r\u001b[K'

/** Shows how long the code still works, until the returned function is called. */
export const showWaiting = (seconds: number): (() => void) => {
  if (!process.stdout.isTTY) {
    process.stdout.write('  Waiting for approval ...\n')
    return () => {}
  }
  const end = Date.now() + seconds * 1000
  let frame = 0
  const timer = setInterval(() => {
    const left = Math.max(0, Math.round((end - Date.now()) / 1000))
    const time = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, '0')}`
    process.stdout.write(
      `\r  ${FRAMES[frame++ % FRAMES.length]} waiting for approval, ${time} left `,
    )
  }, 100)
  const interrupt = (): never => {
    process.stdout.write('\n')
    process.exit(130)
  }
  process.once('SIGINT', interrupt)
  return () => {
    process.off('SIGINT', interrupt)
    clearInterval(timer)
    process.stdout.write(CLEAR_LINE)
  }
}

/** Writes a line to stderr, over the one that `showWaiting` shows. */
export const tell = (text: string): void => {
  process.stderr.write(`${process.stdout.isTTY ? CLEAR_LINE : ''}  ${text}\n`)
}

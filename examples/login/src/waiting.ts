const SIGNS = '⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏'

/** Shows that the program waits, and how many seconds the code still lives. Returns how to stop it. */
export const showWaiting = (seconds: number): (() => void) => {
  if (!process.stdout.isTTY) {
    process.stdout.write('  Waiting for the approval ...\n')
    return () => {}
  }
  const end = Date.now() + seconds * 1000
  let turn = 0
  const timer = setInterval(() => {
    const left = Math.max(0, Math.round((end - Date.now()) / 1000))
    const clock = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, '0')}`
    process.stdout.write(
      `\r  ${SIGNS[turn++ % SIGNS.length]} waiting for the approval, ${clock} left `,
    )
  }, 100)
  const leave = (): never => {
    process.stdout.write('\n')
    process.exit(130)
  }
  process.once('SIGINT', leave)
  return () => {
    process.off('SIGINT', leave)
    clearInterval(timer)
    process.stdout.write('\r\u001b[K')
  }
}

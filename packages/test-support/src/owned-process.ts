import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'

const running = new Set<ChildProcess>()
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

/** Kills the child when this process exits, so that a failed test leaves no process behind. */
export const own = <C extends ChildProcess>(child: C): C => {
  running.add(child)
  child.once('exit', () => running.delete(child))
  return child
}

const hasExited = (child: ChildProcess): boolean =>
  child.exitCode !== null || child.signalCode !== null

/** Sends a signal, unless the child has exited, and waits for its exit. */
export const end = async (child: ChildProcess, signal: NodeJS.Signals): Promise<void> => {
  if (hasExited(child)) return
  const exit = once(child, 'exit')
  child.kill(signal)
  await exit
}

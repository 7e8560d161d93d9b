import { readFileSync } from 'node:fs'

const LOOK_EVERY_MS = 200

/**
 * Calls `onGone` when the npm or npx that started this process has ended. npm passes SIGTERM to the
 * shell between them, which ends without passing it on.
 */
export const endWithNpm = (onGone: () => void): void => {
  if (process.env['npm_command'] === undefined) return
  const ancestors = npmAncestors()
  const look = setInterval(() => {
    if (npmAncestors() === ancestors) return
    clearInterval(look)
    onGone()
  }, LOOK_EVERY_MS)
  look.unref()
}

/** The parent, and the parent of a shell in between. A process that has ended is no parent any more. */
const npmAncestors = (): string => {
  const parent = statOf(process.ppid)
  return parent === undefined || parent.name.startsWith('npm')
    ? `${process.ppid}`
    : `${process.ppid} ${parent.parent}`
}

interface ProcessStat {
  readonly name: string
  readonly parent: string | undefined
}

/** What Linux tells about a process. Elsewhere only the parent itself is watched. */
const statOf = (pid: number): ProcessStat | undefined => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const [, name = '', rest = ''] = /^\d+ \((.*)\) \S (.*)$/s.exec(stat) ?? []
    return { name, parent: rest.split(' ', 1)[0] }
  } catch {
    return undefined
  }
}

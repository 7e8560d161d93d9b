import { randomUUID } from 'node:crypto'
import { readFile, rename, writeFile } from 'node:fs/promises'
import type { Retained, Versioned } from '@device-grant/core'
import { applyAttempt, parseAttempt } from './write-attempt.ts'

/**
 * Replaces a file by one without the states that may be forgotten. No process may write to the file
 * in the meantime, because its writes would be lost.
 * @param now epoch milliseconds
 */
export const compact = async (path: string, now: number): Promise<void> => {
  const states = new Map<string, Versioned<Retained>>()
  for (const line of (await readFile(path, 'utf8')).split('\n')) {
    const attempt = parseAttempt<Retained>(line)
    if (attempt) applyAttempt(states, attempt)
  }
  const kept = [...states].filter(([, { state }]) => state.keepUntil > now)
  const lines = kept.map(([id, next]) => JSON.stringify({ mark: randomUUID(), id, next }))
  await writeFile(`${path}.new`, `${lines.join('\n')}\n`)
  await rename(`${path}.new`, path)
}

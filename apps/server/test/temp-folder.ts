import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ExecutionContext } from 'ava'

/** A folder of one test. */
export interface TempFolder {
  readonly path: string
  /** Writes a file and returns its path. What is no text or bytes is written as JSON. */
  write(name: string, content: unknown): Promise<string>
  remove(name: string): Promise<void>
}

/** Makes a folder that is removed after the test. */
export const tempFolder = async (t: ExecutionContext): Promise<TempFolder> => {
  const path = await mkdtemp(join(tmpdir(), 'device-grant-files-'))
  t.teardown(() => rm(path, { recursive: true }))
  return {
    path,
    write: async (name, content) => {
      const file = join(path, name)
      const isWritable = typeof content === 'string' || content instanceof Uint8Array
      await writeFile(file, isWritable ? content : JSON.stringify(content))
      return file
    },
    remove: (name) => rm(join(path, name)),
  }
}

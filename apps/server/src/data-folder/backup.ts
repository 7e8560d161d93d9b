import { resolve } from 'node:path'
import { type Command, EXIT, UsageError } from '../commands/command.ts'
import { readPath } from '../commands/read-path.ts'
import { readVariables } from '../commands/read-variables.ts'
import { SESSION_SECRET_FILE } from './session-secret.ts'

/** Copies the folder of the data while servers use it. */
export const backup: Command = {
  name: 'backup',
  flags: 'DIR',
  meaning: 'copies the data of DATA_DIR, without its session secret, into a new folder',
  run: async (args, io) => {
    const { path, rest } = readPath(args, 'folder')
    if (rest.length > 0) throw new UsageError('backup takes one folder and no flags')
    const { dataDir } = await readVariables(io)
    if (dataDir === undefined) {
      throw new UsageError('The settings keep no data in a folder, so there is nothing to copy')
    }
    const { backUp } = await import('@device-grant/adapter-lmdb')
    const { openExistingFolder } = await import('./data-folder.ts')
    const environment = openExistingFolder(dataDir)
    try {
      await backUp(environment, path)
    } catch (error) {
      const { code, syscall } = error as NodeJS.ErrnoException
      if (syscall === undefined) throw error
      throw new BackupError(
        code === 'EEXIST' ? 'The folder exists already' : `The folder cannot be written: ${code}`,
      )
    } finally {
      await environment.close()
    }
    io.out(`Copied ${resolve(dataDir)} to ${resolve(path)}, without ${SESSION_SECRET_FILE}\n`)
    return EXIT.done
  },
}

/** Thrown when the copy cannot be written. */
class BackupError extends Error {
  override readonly name = 'BackupError'
}

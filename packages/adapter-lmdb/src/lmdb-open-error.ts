/** The folder cannot be used. The message names the folder and what a person must change. */
export class LmdbOpenError extends Error {
  override readonly name = 'LmdbOpenError'
}

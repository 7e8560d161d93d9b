/**
 * Reports on the terminal that tests are skipped because a program is missing.
 * @throws {Error} if `CI` is `true`, because CI must run every test
 */
export const reportSkipped = (message: string): void => {
  if (process.env['CI'] === 'true') throw new Error(message)
  process.stderr.write(`\n*** SKIPPED: ${message}\n\n`)
}

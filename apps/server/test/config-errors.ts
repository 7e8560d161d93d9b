import { ConfigError, readConfig } from '#src/config.js'
import type { Variables } from '#src/environment.js'

/** What is wrong with environment variables. Empty if they are valid. */
export const configErrorsOf = (variables: Variables): readonly string[] => {
  try {
    readConfig(variables)
    return []
  } catch (error) {
    if (error instanceof ConfigError) return error.errors
    throw error
  }
}

import { type Command, EXIT } from '../commands/command.ts'
import { readFlags } from '../commands/read-flags.ts'
import { readSettings } from '../commands/read-settings.ts'

/**
 * A regular expression that finds API keys in any text, for RE2 and for JavaScript. Nothing is demanded
 * of the character before a key, because escapes such as `\n` often stand there.
 * @param prefix 1 to 32 letters, digits or `._~-`, as `createPolicy` checks it
 */
export const secretPatternOf = (prefix: string): string =>
  `${prefix.replaceAll('.', '\\.')}[0-9A-Za-z]{22}_[0-9A-Za-z]{49}\\b`

/** Prints the pattern, and the rules of two scanners with it. */
export const secretPattern: Command = {
  name: 'secret-pattern',
  flags: '',
  meaning: 'prints a regular expression for API keys, and rules for gitleaks and TruffleHog',
  run: async (args, io) => {
    readFlags(args, {})
    const { keyPrefix } = readSettings(io).policy
    io.out(scannerRules(keyPrefix))
    return EXIT.done
  },
}

const scannerRules = (prefix: string): string => {
  const pattern = secretPatternOf(prefix)
  return `\
# Regular expression
${pattern}

# gitleaks: .gitleaks.toml
[[rules]]
id = "device-grant-api-key"
description = "API key issued by device-grant"
regex = '''${pattern}'''
keywords = ["${prefix.toLowerCase()}"]

# TruffleHog: --config=trufflehog.yaml
detectors:
  - name: device-grant-api-key
    keywords:
      - '${prefix.toLowerCase()}'
    regex:
      key: '(${pattern})'
`
}

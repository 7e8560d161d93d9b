import { type Command, EXIT, UsageError } from '../commands/command.ts'
import { readFlags } from '../commands/read-flags.ts'
import { readVariables } from '../commands/read-variables.ts'

/**
 * A regular expression that finds API keys in any text, for RE2 and for JavaScript. Nothing is demanded
 * of the character before a key, because escapes such as `\n` often stand there.
 * @param prefix 1 to 32 letters, digits or `._~-`, as `createPolicy` checks it
 */
export const secretPatternOf = (prefix: string): string =>
  `${prefix.replaceAll('.', '\\.')}[0-9A-Za-z]{22}_[0-9A-Za-z]{49}\\b`

/** Prints the pattern, or a file of rules for a scanner. */
export const secretPattern: Command = {
  name: 'secret-pattern',
  flags: '[--gitleaks | --trufflehog]',
  meaning: 'prints a regular expression for API keys, or a file of rules for a scanner',
  run: async (args, io) => {
    const { gitleaks, trufflehog } = readFlags(args, { gitleaks: 'switch', trufflehog: 'switch' })
    if (gitleaks && trufflehog) throw new UsageError('--gitleaks and --trufflehog: use one of them')
    const { keyPrefix } = (await readVariables(io)).policy
    const textOf = gitleaks ? gitleaksRules : trufflehog ? truffleHogRules : secretPatternOf
    io.out(`${textOf(keyPrefix).trimEnd()}\n`)
    return EXIT.done
  },
}

/** A configuration of gitleaks. It keeps the rules for other secrets. */
const gitleaksRules = (prefix: string): string => `\
[extend]
useDefault = true

[[rules]]
id = "device-grant-api-key"
description = "API key issued by device-grant"
regex = '''${secretPatternOf(prefix)}'''
keywords = ["${prefix.toLowerCase()}"]
`

/** A configuration of TruffleHog, which keeps its own detectors besides. */
const truffleHogRules = (prefix: string): string => `\
detectors:
  - name: device-grant-api-key
    keywords:
      - '${prefix.toLowerCase()}'
    regex:
      key: '(${secretPatternOf(prefix)})'
`

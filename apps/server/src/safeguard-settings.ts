import type { Environment } from './environment.ts'

/** What a request for a sensitive scope needs. `never`: there is no such request. */
const SENSITIVE_SCOPE_RULES = [
  'never',
  'near',
  'code_ending',
  'known_person',
  'fresh_sign_in',
] as const

type SensitiveScopeRule = (typeof SENSITIVE_SCOPE_RULES)[number]

/** The settings against phishing (RFC 10027). Each is off unless it is set. */
export interface SafeguardSettings {
  /** What happens if the device is not known to be near the person. */
  readonly proximity: 'warn' | 'confirm' | 'block'
  /** Whether devices get `verification_uri_complete`. `confirm`: and people type the end of the code. */
  readonly completeUri: 'on' | 'confirm' | 'off'
  /** Whether `login_hint` says who may approve. */
  readonly usesLoginHint: boolean
  /** Whether a request for a code needs an API key, or a client that authenticates. */
  readonly requiresKnownPerson: boolean
  /** The longest time between a sign-in and an approval, in seconds. 0 means no limit. */
  readonly freshSignIn: number
  /** What a request for a sensitive scope needs. Empty: the pages warn. */
  readonly sensitiveScopes: readonly SensitiveScopeRule[]
}

/** The longest time between a sign-in and the approval of a sensitive scope, in seconds. */
export const FRESH_FOR_SENSITIVE = 300

/** The longest time since a sign-in that the sign-in has to check, in seconds, or `undefined`. */
export const maxSignInAge = ({
  freshSignIn,
  sensitiveScopes,
}: Pick<SafeguardSettings, 'freshSignIn' | 'sensitiveScopes'>): number | undefined => {
  const sensitive = sensitiveScopes.includes('fresh_sign_in') ? FRESH_FOR_SENSITIVE : 0
  const ages = [freshSignIn, sensitive].filter((seconds) => seconds > 0)
  return ages.length > 0 ? Math.min(...ages) : undefined
}

/** Reads the settings against phishing, and reports those that cannot work. */
export const readSafeguards = (
  environment: Environment,
  signIn: 'demo' | 'forwarded' | 'oidc',
): SafeguardSettings => {
  const settings: SafeguardSettings = {
    proximity: environment.oneOf('PROXIMITY', ['warn', 'confirm', 'block'], 'warn'),
    completeUri: environment.oneOf('VERIFICATION_URI_COMPLETE', ['on', 'confirm', 'off'], 'on'),
    usesLoginHint: environment.oneOf('LOGIN_HINT', ['on', 'off'], 'off') === 'on',
    requiresKnownPerson:
      environment.oneOf('REQUIRE_KNOWN_PERSON', ['true', 'false'], 'false') === 'true',
    freshSignIn: environment.wholeNumber('FRESH_SIGN_IN', { byDefault: 0, min: 0, max: 43_200 }),
    sensitiveScopes: readSensitiveScopes(environment),
  }
  if (signIn === 'forwarded' && maxSignInAge(settings) !== undefined) {
    const name = settings.freshSignIn > 0 ? 'FRESH_SIGN_IN' : 'SENSITIVE_SCOPES=fresh_sign_in'
    environment.errors.push(
      `${name} needs SIGN_IN=oidc, because a proxy does not say when a person signed in`,
    )
  }
  return settings
}

const readSensitiveScopes = (environment: Environment): readonly SensitiveScopeRule[] => {
  const rules = environment.list('SENSITIVE_SCOPES')
  const known = SENSITIVE_SCOPE_RULES.filter((rule) => rules.includes(rule))
  if (known.length !== rules.length || (known.includes('never') && known.length > 1)) {
    environment.errors.push(
      `SENSITIVE_SCOPES must be never, or some of ${SENSITIVE_SCOPE_RULES.slice(1).join(', ')}`,
    )
  }
  const hasCatalogue = ['CLIENTS_FILE', 'SCOPES_FILE'].some(
    (name) => environment.text(name) !== undefined,
  )
  if (rules.length > 0 && !hasCatalogue) {
    environment.errors.push('SENSITIVE_SCOPES needs CLIENTS_FILE or SCOPES_FILE')
  }
  return known
}

import {
  codeEnding,
  createLoginHints,
  freshSignIn,
  knownPerson,
  onlyForSensitiveScopes,
  proximity,
  refuseSensitiveScopes,
  type Safeguard,
  TOKENS,
} from '@device-grant/core'
import { bind } from '@device-grant/core/inversify'
import { ContainerModule } from 'inversify'
import type { Settings } from './config.ts'
import { FRESH_FOR_SENSITIVE, type SafeguardSettings } from './safeguard-settings.ts'

type Parts = Pick<Settings, 'safeguards' | 'policy'>

/**
 * Binds what the settings demand against phishing (RFC 10027), or nothing.
 * @param sessionSecrets returns the secrets at present, which key the hashes of login hints
 */
export const safeguardsModule = (
  settings: Parts,
  sessionSecrets: () => readonly [string, ...string[]],
): ContainerModule =>
  new ContainerModule((container) => {
    const safeguards = [...forAll(settings), ...forSensitiveScopes(settings)]
    if (safeguards.length > 0) bind(container, TOKENS.Safeguards).toConstantValue(safeguards)
    if (settings.safeguards.usesLoginHint) {
      const hints = createLoginHints(sessionSecrets)
      bind(container, TOKENS.LoginHints).toConstantValue(hints)
    }
  })

const forAll = ({ safeguards, policy }: Parts): readonly Safeguard[] => [
  ...(safeguards.requiresKnownPerson ? [knownPerson()] : []),
  ...(safeguards.proximity === 'warn' ? [] : [proximity(safeguards.proximity)]),
  ...(safeguards.freshSignIn > 0 ? [freshSignIn(safeguards.freshSignIn * 1_000)] : []),
  ...(safeguards.completeUri === 'confirm' ? [codeEnding(policy)] : []),
]

const forSensitiveScopes = ({
  safeguards: { sensitiveScopes },
  policy,
}: Parts): readonly Safeguard[] => {
  const rules: Readonly<Record<(typeof sensitiveScopes)[number], () => Safeguard>> = {
    never: refuseSensitiveScopes,
    near: () => proximity('block'),
    code_ending: () => codeEnding(policy),
    known_person: knownPerson,
    fresh_sign_in: () => freshSignIn(FRESH_FOR_SENSITIVE * 1_000),
  }
  return sensitiveScopes.map((rule) => onlyForSensitiveScopes(rules[rule]()))
}

/** What a link with a user code opens, as the router's option. */
export const linkedCodesOf = ({ completeUri }: SafeguardSettings): 'open' | 'empty' =>
  completeUri === 'off' ? 'empty' : 'open'

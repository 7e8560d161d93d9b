import type { Logger } from 'pino'
import { describeError } from './describe-error.ts'
import { repeatUntilDone } from './repeat.ts'

const TIMEOUT_MS = 10_000
/** The pause before a provider that did not answer is asked again, in milliseconds. */
const RETRY_MS = 30_000

/**
 * Fetches the metadata of the OpenID provider at start, and logs an error if it names another issuer
 * than `OIDC_ISSUER`. Every sign-in would fail then. It repeats until the provider has answered.
 */
export const checkIssuer = (issuer: string, log: Logger, signal: AbortSignal): Promise<void> =>
  repeatUntilDone(
    async () => {
      const named = await otherIssuer(issuer)
      if (named === undefined) log.info('OpenID provider found')
      else {
        log.error(
          { configured: issuer, named },
          'OIDC_ISSUER is not the issuer that the OpenID provider names, so every sign-in will fail',
        )
      }
    },
    RETRY_MS,
    {
      signal,
      onError: (error) => log.warn(describeError(error, log), 'OpenID provider not found'),
    },
  )

/**
 * Fetches the metadata of the OpenID provider.
 * @returns the issuer that it names, or `undefined` if that is this one
 * @throws {Error} if there is no metadata
 */
export const otherIssuer = async (issuer: string): Promise<string | undefined> => {
  const named = await fetchIssuer(issuer)
  return hrefOf(named) === hrefOf(issuer) ? undefined : named
}

/** OpenID Connect Discovery 1.0 section 4. */
const fetchIssuer = async (issuer: string): Promise<string> => {
  const url = new URL(issuer)
  url.pathname = `${url.pathname}/.well-known/openid-configuration`.replaceAll('//', '/')
  const response = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) })
  if (response.status !== 200) throw new Error('unexpected HTTP status', { cause: response })
  const metadata = (await response.json()) as { readonly issuer?: unknown } | null
  return String(metadata?.issuer)
}

const hrefOf = (url: string): string => (URL.canParse(url) ? new URL(url).href : url)

import { freePort } from '@device-grant/test-support/free-port'
import {
  type OpenidProvider,
  startOpenidProvider,
} from '@device-grant/test-support/openid-provider'
import type { ExecutionContext } from 'ava'
import { startTestServer, type TestServer } from './test-server.ts'

/** A server with the OpenID provider at which it signs people in. */
export interface OpenidSetting {
  readonly server: TestServer
  readonly provider: OpenidProvider
  readonly publicUrl: string
}

/**
 * Starts both for one test.
 * @param env more settings of the server
 * @param configuration more settings of the provider
 * @param claimsOf more claims of an account
 */
export const startOpenidSetting = async (
  t: ExecutionContext,
  env: Readonly<Record<string, string>> = {},
  configuration: Readonly<Record<string, unknown>> = {},
  claimsOf: (login: string) => Readonly<Record<string, unknown>> = () => ({}),
): Promise<OpenidSetting> => {
  const port = await freePort()
  const publicUrl = `http://127.0.0.1:${port}`
  const provider = await startOpenidProvider({ publicUrl, configuration, claimsOf })
  t.teardown(() => provider.stop())
  const server = await startTestServer({
    ...provider.env,
    PORT: String(port),
    PUBLIC_URL: publicUrl,
    ...env,
  })
  t.teardown(() => server.stop())
  return { server, provider, publicUrl }
}

import type { ApiKeyState } from '@device-grant/http-koa'
import { sendJson } from '@device-grant/http-koa'
import type { ParameterizedContext } from 'koa'

/** GET /api/whoami: answers with the owner of the API key. It is an example of a protected route. */
export const whoami = (ctx: ParameterizedContext<ApiKeyState>): void => {
  const { owner, keyId, name, deviceName, scope, expiresAt, idleExpiresAt } = ctx.state.apiKey
  sendJson(ctx, {
    user: owner,
    key: { id: keyId, name },
    device_name: deviceName,
    scope,
    expires_at: new Date(expiresAt).toISOString(),
    idle_expires_at:
      idleExpiresAt === undefined ? undefined : new Date(idleExpiresAt).toISOString(),
  })
}

// --- everything out of a container
import 'reflect-metadata'
import { connect } from '@device-grant/adapter-mongo'
import { mongoModule } from '@device-grant/adapter-mongo/inversify'
import { type AuthorizeDevice, createPolicy, TOKENS } from '@device-grant/core'
import { bind, coreModule, get, memoryStateModule } from '@device-grant/core/inversify'
import { demoSignIn } from '@device-grant/http-koa'
import { HTTP_TOKENS, httpModule } from '@device-grant/http-koa/inversify'
import { Container } from 'inversify'

const db = connect(process.env['MONGODB_URI'] ?? 'mongodb://localhost:27017')
const publicUrl = process.env['PUBLIC_URL'] ?? 'http://localhost:3000'
const sessionSecret = process.env['SESSION_SECRET'] ?? ''

export const container = new Container()
container.load(coreModule(), memoryStateModule(), mongoModule(db), httpModule())
bind(container, TOKENS.Clock).toConstantValue({ now: Date.now })
bind(container, TOKENS.Events).toConstantValue({ emit: (event) => console.log(event.type) })
bind(container, TOKENS.Policy).toConstantValue(createPolicy({ codeLifetimeMs: 300_000 }))
bind(container, HTTP_TOKENS.RouterOptions).toConstantValue({
  publicUrl,
  sessionSecret,
  signIn: demoSignIn(),
})

// A device that names no scope gets the scope "read", from the router too.
const authorizeDevice = get(container, TOKENS.AuthorizeDevice)
container
  .rebind<AuthorizeDevice>(TOKENS.AuthorizeDevice)
  .toConstantValue((request) => authorizeDevice({ ...request, scope: request.scope ?? 'read' }))

export const router = get(container, HTTP_TOKENS.Router)

// --- everything out of a container
import 'reflect-metadata'
import { connect } from '@device-grant/adapter-mongo'
import { mongoModule } from '@device-grant/adapter-mongo/inversify'
import { createPolicy, type Events, TOKENS } from '@device-grant/core'
import { coreModule, get, memoryStateModule } from '@device-grant/core/inversify'
import { Container } from 'inversify'

const db = connect(process.env['MONGODB_URI'] ?? 'mongodb://localhost:27017')
export const container = new Container()
container.load(coreModule(), memoryStateModule(), mongoModule(db)) // or redisModule(redis)
container.bind(TOKENS.Clock).toConstantValue({ now: Date.now })
container.bind<Events>(TOKENS.Events).toConstantValue({ emit: (event) => console.log(event.type) })
container.bind(TOKENS.Policy).toConstantValue(createPolicy({ codeLifetimeMs: 300_000 }))
export const authorizeDevice = get(container, TOKENS.AuthorizeDevice)

import type { ChainableCommander, Redis } from 'ioredis'

type Payload = Readonly<Record<string, unknown>>

/** Models that can be used once. They are hashes, so that a field can mark them as used. */
const CONSUMABLE = new Set(['AuthorizationCode', 'RefreshToken', 'DeviceCode'])
/** Models that a grant lists, so that they can be revoked with it. */
const GRANTABLE = new Set(['AccessToken', ...CONSUMABLE])

/** The adapter that `oidc-provider` shows as its example for Redis, written again with its commands. */
export const redisAdapterOf = (redis: Redis): (new (model: string) => object) =>
  class RedisAdapter {
    readonly #model: string

    constructor(model: string) {
      this.#model = model
    }

    async upsert(id: string, payload: Payload, expiresIn: number): Promise<void> {
      const key = this.#key(id)
      const text = JSON.stringify(payload)
      const { grantId, userCode, uid } = payload
      const commands = redis.multi()
      if (CONSUMABLE.has(this.#model)) commands.hset(key, { payload: text })
      else commands.set(key, text)
      if (expiresIn) commands.expire(key, expiresIn)
      if (typeof grantId === 'string' && GRANTABLE.has(this.#model)) {
        commands.rpush(`grant:${grantId}`, key)
        const ttl = await redis.ttl(`grant:${grantId}`)
        if (expiresIn > ttl) commands.expire(`grant:${grantId}`, expiresIn)
      }
      if (typeof userCode === 'string') point(commands, `userCode:${userCode}`, id, expiresIn)
      if (typeof uid === 'string') point(commands, `uid:${uid}`, id, expiresIn)
      await commands.exec()
    }

    async find(id: string): Promise<Payload | undefined> {
      if (!CONSUMABLE.has(this.#model)) {
        const text = await redis.get(this.#key(id))
        return text === null ? undefined : JSON.parse(text)
      }
      const { payload, ...rest } = await redis.hgetall(this.#key(id))
      return payload === undefined ? undefined : { ...rest, ...JSON.parse(payload) }
    }

    async findByUserCode(userCode: string): Promise<Payload | undefined> {
      const id = await redis.get(`userCode:${userCode}`)
      return id === null ? undefined : this.find(id)
    }

    async findByUid(uid: string): Promise<Payload | undefined> {
      const id = await redis.get(`uid:${uid}`)
      return id === null ? undefined : this.find(id)
    }

    async destroy(id: string): Promise<void> {
      await redis.del(this.#key(id))
    }

    async consume(id: string): Promise<void> {
      await redis.hset(this.#key(id), 'consumed', Math.floor(Date.now() / 1000))
    }

    async revokeByGrantId(grantId: string): Promise<void> {
      const keys = await redis.lrange(`grant:${grantId}`, 0, -1)
      await redis.del(...keys, `grant:${grantId}`)
    }

    #key(id: string): string {
      return `${this.#model}:${id}`
    }
  }

const point = (commands: ChainableCommander, key: string, id: string, expiresIn: number): void => {
  commands.set(key, id)
  commands.expire(key, expiresIn)
}

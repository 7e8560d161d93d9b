import {
  type ApiKey,
  type ApiKeyStore,
  CompareAndSwapStore,
  type StoredApiKey,
} from '@device-grant/core'
import { FileDriver } from './file-driver.ts'

/** Keeps API keys in one file. All of them are in memory too, and a look-up goes through them. */
export class FileApiKeyStore extends CompareAndSwapStore<ApiKey> implements ApiKeyStore {
  readonly #driver: FileDriver<ApiKey>

  constructor(path: string) {
    const driver = new FileDriver<ApiKey>(path)
    super(driver)
    this.#driver = driver
  }

  async findBySecretHash(secretHash: string): Promise<StoredApiKey | undefined> {
    const keys = await this.#keys()
    return keys.find(({ key }) => 'secretHash' in key && key.secretHash === secretHash)
  }

  async findByOwner(owner: string): Promise<readonly StoredApiKey[]> {
    const keys = await this.#keys()
    return keys.filter(({ key }) => key.owner === owner)
  }

  async #keys(): Promise<readonly StoredApiKey[]> {
    const states = await this.#driver.all()
    return states.map(([id, { state }]) => ({ id, key: state }))
  }
}

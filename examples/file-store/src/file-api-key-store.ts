import {
  type ApiKey,
  type ApiKeyStore,
  CompareAndSwapStore,
  type StoredApiKey,
} from '@device-grant/core'
import { FileDriver } from './file-driver.ts'

/** API keys in a file of their own. All of them lie in memory too, so a look-up goes through them. */
export class FileApiKeyStore extends CompareAndSwapStore<ApiKey> implements ApiKeyStore {
  readonly #cells: FileDriver<ApiKey>

  constructor(path: string) {
    const cells = new FileDriver<ApiKey>(path)
    super(cells)
    this.#cells = cells
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
    const cells = await this.#cells.all()
    return cells.map(([id, { state }]) => ({ id, key: state }))
  }
}

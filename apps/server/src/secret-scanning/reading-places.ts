import { networkOf } from '@device-grant/core'

/** Anyone may send a body, and only GitHub can sign it. GitHub sends few messages at once. */
const MAX_READ_AT_ONCE = 8
/** One client cannot take the places of all others. */
const MAX_OF_ADDRESS = 2

/** The places of the messages that are read at once: 8, and 2 for one address. */
export class ReadingPlaces {
  readonly #taken = new Map<string, number>()
  #count = 0

  /**
   * Takes a place for a message.
   * @param address the IP address of the client; an IPv6 address counts as its /64
   * @returns the function that frees the place, or `undefined` if there is none
   */
  take(address = ''): (() => void) | undefined {
    const network = networkOf(address)
    const taken = this.#taken.get(network) ?? 0
    if (this.#count >= MAX_READ_AT_ONCE || taken >= MAX_OF_ADDRESS) return undefined
    this.#count += 1
    this.#taken.set(network, taken + 1)
    return () => this.#free(network)
  }

  #free(network: string): void {
    this.#count -= 1
    const left = (this.#taken.get(network) ?? 1) - 1
    if (left === 0) this.#taken.delete(network)
    else this.#taken.set(network, left)
  }
}

import type { Context } from 'koa'
import type { ReportError } from './report-error.ts'

/** What is known of an IP address, for people to recognise. */
export interface AddressDescription {
  /** Where it is, for example `Berlin, Germany`. */
  readonly place?: string | undefined
  /** Whose network it is in, for example `Deutsche Telekom`. */
  readonly network?: string | undefined
}

/** Describes an IP address, for example by a database of places. */
export type DescribeAddress = (address: string) => Promise<AddressDescription>

/** Descriptions by address. Those that failed or took too long are missing. */
export type AddressDescriptions = ReadonlyMap<string, AddressDescription>

/** A page does not wait longer for descriptions, in milliseconds. */
const WAIT_MS = 300

/**
 * Makes the function that describes the addresses of a page. A hook that fails is reported, and one that
 * takes too long is not awaited, because the page is complete without descriptions.
 */
export const createDescribeAddresses =
  (describe: DescribeAddress | undefined, onError: ReportError) =>
  async (
    ctx: Context,
    addresses: readonly (string | undefined)[],
  ): Promise<AddressDescriptions> => {
    const found = new Map<string, AddressDescription>()
    if (!describe) return found
    const known = new Set(addresses.filter((address) => address !== undefined))
    const one = async (address: string): Promise<void> => {
      try {
        const { place, network } = await describe(address)
        found.set(address, { place: textOf(place), network: textOf(network) })
      } catch (error) {
        onError(error, 'describe an address', ctx)
      }
    }
    let timer: NodeJS.Timeout | undefined
    const tooLong = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, WAIT_MS)
    })
    await Promise.race([Promise.all(Array.from(known, one)), tooLong])
    clearTimeout(timer)
    return new Map(found)
  }

/** The function that describes the addresses of a page. */
export type DescribeAddresses = ReturnType<typeof createDescribeAddresses>

const textOf = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined

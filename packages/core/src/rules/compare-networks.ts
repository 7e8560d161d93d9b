import type { DeviceInfo } from './device-authorization-request.ts'
import { networkOf } from './network-of.ts'

/** How the networks of a device and of a person's browser compare. */
export type ComparedNetworks =
  /** The same network. */
  | 'same'
  | 'elsewhere'
  /** Both addresses are those of the same unlisted proxy. */
  | 'unknown'
  /** The device is a web page, so its address is the visitor's and tells nothing. */
  | 'web_page'
  /** One of the addresses is missing. */
  | 'no_address'

/** Compares the networks that the requests of a device and of a person's browser came from. */
export const compareNetworks = (device: DeviceInfo, browser: DeviceInfo): ComparedNetworks => {
  if (device.webOrigin !== undefined) return 'web_page'
  const { unlistedProxy } = device
  if (unlistedProxy !== undefined && unlistedProxy === browser.unlistedProxy) return 'unknown'
  if (device.address === undefined || browser.address === undefined) return 'no_address'
  return networkOf(device.address) === networkOf(browser.address) ? 'same' : 'elsewhere'
}

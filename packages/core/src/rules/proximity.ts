import { compareNetworks } from './compare-networks.ts'
import type { ApprovalFacts, Safeguard } from './safeguard.ts'

/** Why a device may be in another network than the person: one of these has to hold. */
export const ELSEWHERE_REASONS = ['mobile_data', 'vpn', 'remote_server'] as const

/** One of `ELSEWHERE_REASONS`. */
export type ElsewhereReason = (typeof ELSEWHERE_REASONS)[number]

/** Whether a text is one of `ELSEWHERE_REASONS`. */
export const isElsewhereReason = (text: string | undefined): text is ElsewhereReason =>
  ELSEWHERE_REASONS.some((reason) => reason === text)

/**
 * Whether a device is near the person. It is in the same network, or in a trusted one of its client.
 * A web page is never near, because its address is the one of its visitor.
 */
const isNear = ({
  request: { device },
  browser = {},
  client,
}: Pick<ApprovalFacts, 'request' | 'browser' | 'client'>): boolean => {
  const compared = compareNetworks(device, browser)
  if (compared === 'same') return true
  // The address of a proxy that is not trusted is not the address of the device.
  const { address, unlistedProxy } = device
  return (
    compared !== 'web_page' &&
    unlistedProxy === undefined &&
    address !== undefined &&
    client?.trustedNetworks?.has(address) === true
  )
}

/**
 * For devices that are not known to be near the person (RFC 10027 section 6.1.1). `confirm`: the person
 * has to say why. `block`: nothing can be approved.
 */
export const proximity = (mode: 'confirm' | 'block'): Safeguard =>
  mode === 'block'
    ? { name: 'near', blockApproval: (facts) => (isNear(facts) ? undefined : 'elsewhere') }
    : {
        name: 'near_or_reason',
        needForApproval: (facts) =>
          isNear(facts)
            ? undefined
            : {
                need: 'elsewhere_reason',
                isMet: isElsewhereReason(facts.statement.elsewhereReason),
              },
      }

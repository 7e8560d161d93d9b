/**
 * The network that an address is counted with: an IPv4 address itself, or the first groups of an IPv6
 * address.
 * @param bits how much of an IPv6 address counts. Default: 64, the network of one customer
 */
export const networkOf = (address: string, bits: 48 | 64 = 64): string => {
  if (!address.includes(':')) return address
  const [head = '', tail] = address.toLowerCase().split('::')
  const left = head === '' ? [] : head.split(':')
  const right = tail === undefined || tail === '' ? [] : tail.split(':')
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - left.length - right.length)
  const groups = [...left, ...Array<string>(zeros).fill('0'), ...right]
  return groups
    .slice(0, bits / 16)
    .map((group) => group.replace(/^0+(?=.)/, ''))
    .join(':')
}

import { createHash } from 'node:crypto'

/** The name of a cookie of the server at this public URL. */
export const cookieName = (publicUrl: string, name: string): string => {
  const server = createHash('sha256').update(publicUrl).digest('hex').slice(0, 12)
  return `${publicUrl.startsWith('https:') ? '__Host-' : ''}device_grant_${server}_${name}`
}

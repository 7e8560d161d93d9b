import { closeSync, fstatSync, openSync, readSync } from 'node:fs'

/** Where LMDB keeps, in each of its two first pages, what tells how long the file is. */
const AT = { magic: 24, version: 28, pageSize: 48, lastPage: 144, transaction: 152, end: 160 }
const MAGIC = 0xbeefc0de
/** The version of the pages that lmdb reads. */
const VERSION = 2
/** LMDB divides by the size, and another one would end the process. */
const PAGE_SIZES = [512, 1024, 2048, 4096, 8192, 16_384, 32_768, 65_536]
/** How many pages at the end may be missing, because LMDB freed them before it wrote them. */
const UNWRITTEN_PAGES = 256

interface Meta {
  readonly version: number
  readonly pageSize: number
  readonly lastPage: bigint
  readonly transaction: bigint
}

/**
 * Finds most of what would end the process when LMDB opens or reads the file.
 * @returns what is wrong, or `undefined`
 */
export const damageOf = (file: string): string | undefined => {
  const descriptor = openSync(file, 'r')
  try {
    if (fstatSync(descriptor).size === 0) return undefined
    const first = readMeta(descriptor, 0)
    const second = first && readMeta(descriptor, first.pageSize)
    if (!second) return 'it does not start like a file of LMDB'
    const versions = [first.version, second.version]
    if (versions.some((version) => version !== VERSION)) {
      return `its pages have version ${Math.max(...versions)} of LMDB, and not ${VERSION}`
    }
    const { pageSize, lastPage } = second.transaction > first.transaction ? second : first
    // Read last, because a running process first writes to the end and then says so.
    const missing = Number(lastPage) + 1 - Math.floor(fstatSync(descriptor).size / pageSize)
    return missing > UNWRITTEN_PAGES ? `its last ${missing} pages are missing` : undefined
  } finally {
    closeSync(descriptor)
  }
}

const readMeta = (descriptor: number, position: number): Meta | undefined => {
  const page = Buffer.alloc(AT.end)
  const length = readSync(descriptor, page, 0, AT.end, position)
  if (length < AT.end || page.readUInt32LE(AT.magic) !== MAGIC) return undefined
  const pageSize = page.readUInt32LE(AT.pageSize)
  if (!PAGE_SIZES.includes(pageSize)) return undefined
  return {
    version: page.readUInt16LE(AT.version),
    pageSize,
    lastPage: page.readBigUInt64LE(AT.lastPage),
    transaction: page.readBigUInt64LE(AT.transaction),
  }
}

const SLOT_BYTES = 512
const SLOTS_OF_PAGE = 1_024

const encoder = new TextEncoder()
const decoder = new TextDecoder()

/**
 * Keeps short texts outside the heap, in slots of 512 bytes. The garbage collector walks over every
 * object, and 100 000 cached states would stop the process for 40 ms each time.
 */
export class PackedTexts {
  readonly #pages: Uint8Array[] = []
  readonly #free: number[] = []
  #slots = 0

  /** Reserves a slot, which `give` frees. */
  take(): number {
    const free = this.#free.pop()
    if (free !== undefined) return free
    if (this.#slots % SLOTS_OF_PAGE === 0) {
      this.#pages.push(new Uint8Array(SLOTS_OF_PAGE * SLOT_BYTES))
    }
    this.#slots += 1
    return this.#slots - 1
  }

  give(slot: number): void {
    this.#free.push(slot)
  }

  /** Writes a text without lone surrogates. Returns its bytes, or `undefined` if it is too long. */
  write(slot: number, text: string): number | undefined {
    const at = (slot % SLOTS_OF_PAGE) * SLOT_BYTES
    const target = this.#page(slot).subarray(at, at + SLOT_BYTES)
    const { read, written } = encoder.encodeInto(text, target)
    return read === text.length ? written : undefined
  }

  /** Reads the text of which `write` returned the bytes. */
  read(slot: number, bytes: number): string {
    const at = (slot % SLOTS_OF_PAGE) * SLOT_BYTES
    return decoder.decode(this.#page(slot).subarray(at, at + bytes))
  }

  #page(slot: number): Uint8Array {
    const page = this.#pages[Math.floor(slot / SLOTS_OF_PAGE)]
    if (!page) throw new RangeError(`There is no slot ${slot}`)
    return page
  }
}

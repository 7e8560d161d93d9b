import type { StateStore } from '../ports.ts'
import { type CutOff, clientCutOffId, isCutOff, ownerCutOffId } from '../rules/cut-off.ts'

/**
 * Finds the cut-off that ends a grant of this owner or client. The grant was approved at `approvedAt`, epoch
 * milliseconds. A cut-off that erases comes first.
 * @throws {StoreError} if that is unknown
 */
export const findCutOff = async (
  cutOffs: StateStore<CutOff>,
  {
    owner,
    clientId,
    approvedAt,
  }: {
    readonly owner: string
    readonly clientId: string | undefined
    readonly approvedAt: number
  },
): Promise<CutOff | undefined> => {
  const ids = [ownerCutOffId(owner), ...(clientId === undefined ? [] : [clientCutOffId(clientId)])]
  const found = await Promise.all(
    ids.map((id) => cutOffs.update(id, (current) => ({ next: current, reply: current }))),
  )
  const all = found.filter((cutOff) => isCutOff(cutOff, approvedAt))
  return all.find((cutOff) => cutOff?.erases) ?? all[0]
}

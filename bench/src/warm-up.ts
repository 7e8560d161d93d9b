import { requireRightAnswers, type Side } from './compare.ts'
import { applyLoad } from './load.ts'
import { slices } from './settings.ts'

/** Sends requests until there are at least so many answers. Returns how many there are. */
export const answered = async (
  { target }: Side,
  count: number,
  { connections, wakeEveryMs } = slices,
): Promise<number> => {
  let answers = 0
  while (answers < count) {
    const result = await applyLoad({ target, seconds: 1, connections, wakeEveryMs })
    requireRightAnswers(result, target)
    answers += result.answers
  }
  return answers
}

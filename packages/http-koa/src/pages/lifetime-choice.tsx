import type { VNode } from 'preact'
import type { Page } from './pages.ts'
import { duration } from './times.tsx'

/** The choice of how long the key will work. */
export const LifetimeChoice = ({
  page,
  offeredMs,
  chosenMs = offeredMs[0],
}: {
  readonly page: Page
  /** In milliseconds. The first one is preselected. */
  readonly offeredMs: readonly number[]
  /** In milliseconds. */
  readonly chosenMs?: number | undefined
}): VNode => (
  <div class="lifetime">
    <label for="lifetime">{page.texts.confirm.lifetime}</label>
    <select id="lifetime" name="lifetime" autocomplete="off">
      {offeredMs.map((ms) => (
        <option
          key={ms}
          value={ms / 1_000}
          selected={ms === chosenMs}
          data-until={new Date(page.now + ms).toISOString()}
        >
          {duration(page.locale, ms)}
        </option>
      ))}
    </select>
  </div>
)

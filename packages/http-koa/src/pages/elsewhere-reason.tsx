import { ELSEWHERE_REASONS } from '@device-grant/core'
import type { VNode } from 'preact'
import type { Page } from './pages.ts'

/** Asks why the device is in another network. Nothing is preselected, because a person has to think. */
export const ElsewhereReasonChoice = ({
  page,
  chosen,
  isMissing = false,
}: {
  readonly page: Page
  /** The reason that the person sent. */
  readonly chosen?: string | undefined
  readonly isMissing?: boolean | undefined
}): VNode => {
  const { reason, reasons, noReason } = page.texts.safeguards
  return (
    <fieldset
      {...(isMissing ? { 'aria-invalid': 'true' as const } : {})}
      aria-describedby="elsewhere-reason-hint"
    >
      <legend>{reason}</legend>
      {ELSEWHERE_REASONS.map((name) => {
        const id = `elsewhere-reason-${name}`
        return (
          <div class="choice" key={name}>
            <input
              type="radio"
              id={id}
              name="elsewhere_reason"
              value={name}
              checked={name === chosen}
              autocomplete="off"
            />
            <label for={id}>{reasons[name]}</label>
          </div>
        )
      })}
      <p class="quiet small" id="elsewhere-reason-hint">
        {noReason}
      </p>
    </fieldset>
  )
}

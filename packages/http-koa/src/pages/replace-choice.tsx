import type { ReplaceableKey } from '@device-grant/core'
import type { VNode } from 'preact'
import type { Page } from './pages.ts'
import { PrintableText, printableText } from './printable-text.tsx'
import { FilledIn } from './texts/fill-in.tsx'
import { relativeTime } from './times.tsx'

/** The choice to end the key of an earlier login of the same device. */
export const ReplaceChoice = ({
  page,
  replaceable: { key },
  isChosen,
}: {
  readonly page: Page
  readonly replaceable: ReplaceableKey
  readonly isChosen: boolean
}): VNode => {
  const { replace, replaceHint } = page.texts.confirm
  return (
    <div class="choice">
      <input
        type="checkbox"
        id="replaces"
        name="replaces"
        value={printableText(key.id)}
        checked={isChosen}
        autocomplete="off"
        aria-describedby="replaces-hint"
      />
      <div>
        <label for="replaces">
          <FilledIn
            locale={page.locale}
            text={replace}
            values={{
              deviceName: <PrintableText>{key.deviceName ?? ''}</PrintableText>,
              ago: relativeTime(page.locale, key.approvedAt, page.now),
            }}
          />
        </label>
        <p class="quiet small" id="replaces-hint">
          {replaceHint}
        </p>
      </div>
    </div>
  )
}

import { MAX_DEVICE_NAME } from '@device-grant/core'
import type { VNode } from 'preact'
import { MAX_TYPED } from '../http/max-typed.ts'
import { NOT_TRANSLATED } from './not-translated.ts'
import type { Page } from './pages.ts'
import { printableText } from './printable-text.tsx'

/** The field for the name of a device. */
export const DeviceNameField = ({
  page,
  id,
  name,
  hint,
  isInvalid = false,
}: {
  readonly page: Page
  /** The id of the field, unique on the page. */
  readonly id: string
  /** The name that stands in the field at first. */
  readonly name: string | undefined
  readonly hint: string
  readonly isInvalid?: boolean | undefined
}): VNode => (
  <>
    <label for={id}>{page.texts.device.deviceName}</label>
    <input
      {...NOT_TRANSLATED}
      type="text"
      id={id}
      name="device_name"
      value={printableText(name ?? '', MAX_TYPED)}
      autocomplete="off"
      maxlength={MAX_DEVICE_NAME}
      aria-describedby={`${id}-hint`}
      {...(isInvalid ? { 'aria-invalid': 'true' as const } : {})}
    />
    <p class="quiet small" id={`${id}-hint`}>
      {hint}
    </p>
  </>
)

import type { VNode } from 'preact'
import type { Page } from './pages.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** How far `at` is from `now`, in words: `in 24 hours`, `2 minutes ago`, `now`. */
export const distance = (locale: string, at: number, now: number): string => {
  const away = at - now
  // What is to come is rounded, so that a fresh code has ten minutes, and not nine.
  const [unit, size] = unitOf(away < MINUTE ? Math.abs(away) : Math.round(away / MINUTE) * MINUTE)
  const words = new Intl.RelativeTimeFormat(locale, { numeric: size === 0 ? 'auto' : 'always' })
  const count = size === 0 ? 0 : away / size
  return words.format(away < 0 ? Math.trunc(count) : Math.round(count), unit)
}

const unitOf = (length: number): [Intl.RelativeTimeFormatUnit, number] => {
  if (length < MINUTE) return ['second', 0]
  if (length < HOUR) return ['minute', MINUTE]
  if (length < 2 * DAY) return ['hour', HOUR]
  return ['day', DAY]
}

/** A time to wait, in whole minutes. */
export const minutesOf = (ms: number): number => Math.max(1, Math.ceil(ms / MINUTE))

/** A moment in the reader's language: the distance in words first, then date and time in UTC. */
export const Moment = ({
  page: { locale, now, texts },
  at,
}: {
  readonly page: Page
  /** Epoch milliseconds. */
  readonly at: number
}): VNode => {
  const isJustNow = at <= now && now - at < MINUTE
  const date = new Date(at)
  const format = { dateStyle: 'medium', timeStyle: 'short', timeZone: 'UTC' } as const
  return (
    <>
      {isJustNow ? texts.page.justNow : distance(locale, at, now)}{' '}
      <time class="quiet small" datetime={date.toISOString()}>
        ({new Intl.DateTimeFormat(locale, format).format(date)} UTC)
      </time>
    </>
  )
}

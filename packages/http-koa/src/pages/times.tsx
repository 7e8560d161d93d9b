import type { VNode } from 'preact'
import type { Page } from './pages.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/**
 * The time from `now` to `at` in words: `in 24 hours`, `2 minutes ago`, `now`.
 * @param at epoch milliseconds
 * @param now epoch milliseconds
 */
export const relativeTime = (locale: string, at: number, now: number): string => {
  const difference = at - now
  // Future times are rounded to minutes, so a code issued a second ago still expires in 10 minutes.
  const [unit, size] = unitOf(
    difference < MINUTE ? Math.abs(difference) : Math.round(difference / MINUTE) * MINUTE,
  )
  const words = new Intl.RelativeTimeFormat(locale, { numeric: size === 0 ? 'auto' : 'always' })
  const count = size === 0 ? 0 : difference / size
  return words.format(difference < 0 ? Math.trunc(count) : Math.round(count), unit)
}

const unitOf = (length: number): [Intl.RelativeTimeFormatUnit, number] => {
  if (length < MINUTE) return ['second', 0]
  if (length < HOUR) return ['minute', MINUTE]
  if (length < 2 * DAY) return ['hour', HOUR]
  return ['day', DAY]
}

/** A duration in milliseconds as whole minutes, rounded up, at least 1. */
export const wholeMinutes = (ms: number): number => Math.max(1, Math.ceil(ms / MINUTE))

/** A moment in the reader's language: the relative time first, then date and time in UTC. */
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
      {isJustNow ? texts.page.justNow : relativeTime(locale, at, now)}{' '}
      <time class="quiet small" datetime={date.toISOString()}>
        ({new Intl.DateTimeFormat(locale, format).format(date)} UTC)
      </time>
    </>
  )
}

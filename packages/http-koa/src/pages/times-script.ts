/** Writes times in the reader's time zone. Without it, pages show them in UTC. */
export const TIMES_SCRIPT: string = `const language = document.documentElement.lang
for (const time of document.querySelectorAll('time[data-style]')) {
  const { style, time: timeStyle } = time.dataset
  const format = new Intl.DateTimeFormat(language, { dateStyle: style, timeStyle })
  time.textContent = format.format(new Date(time.dateTime))
}
`

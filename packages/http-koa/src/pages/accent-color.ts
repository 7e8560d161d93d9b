/** An accent color that people could not read. The message has the measured contrast. */
export class AccentColorError extends RangeError {
  override readonly name = 'AccentColorError'
}

/** The smallest contrast of text with its background, to 1 (WCAG 2.2, success criterion 1.4.3). */
const LEAST_CONTRAST = 4.5

/** The backgrounds of links and buttons in each color scheme, as in the style sheet. */
export const BACKGROUNDS: Readonly<Record<'light' | 'dark', readonly string[]>> = {
  light: ['#ffffff', '#f4f5f7', '#eef2f8', '#fff6e0', '#fdeceb', '#e8f5ec'],
  dark: ['#1c1f24', '#121417', '#262c35', '#332a14', '#3a1f1d', '#17301f'],
}

/** The colors of text on the accent color. */
const INKS = ['#ffffff', '#14171a'] as const

/**
 * Makes the part of a style sheet that sets the accent color.
 * @param color `#rrggbb`, or two of them separated by a comma, for the light and the dark scheme. A
 * single color is made lighter for the dark scheme.
 * @throws {AccentColorError} if it is not of this form, or has a contrast below 4.5 to 1
 */
export const accentColorCss = (color: string): string => {
  const [, light = '', dark = lighter(light)] =
    /^(#[0-9a-f]{6})(?:, ?(#[0-9a-f]{6}))?$/i.exec(color) ?? []
  if (light === '') {
    throw new AccentColorError('must be a color such as #0b57b5, or two for light and dark')
  }
  return `:root { ${rule('light', light)} }
@media (prefers-color-scheme: dark) {
  :root { ${rule('dark', dark)} }
}
`
}

const rule = (scheme: 'light' | 'dark', color: string): string => {
  const [contrast, background] = leastContrast(scheme, color)
  if (contrast < LEAST_CONTRAST) {
    throw new AccentColorError(
      `${color} has a contrast of ${floor(contrast)} to 1 with ${background} in the ${scheme} scheme, ` +
        `and text needs ${LEAST_CONTRAST}: choose a ${scheme === 'light' ? 'darker' : 'lighter'} color`,
    )
  }
  const [white, black] = INKS
  const ink = contrastOf(color, white) >= contrastOf(color, black) ? white : black
  return `--accent: ${color}; --on-accent: ${ink};`
}

/** Rounded down, so that a contrast that is too low never looks sufficient. */
const floor = (contrast: number): string => (Math.floor(contrast * 100) / 100).toFixed(2)

/** The background that a color stands out from the least, after the contrast. */
const leastContrast = (scheme: 'light' | 'dark', color: string): readonly [number, string] => {
  const contrasts = BACKGROUNDS[scheme].map(
    (background) => [contrastOf(color, background), background] as const,
  )
  return contrasts.reduce((least, next) => (next[0] < least[0] ? next : least))
}

/** A lighter tint of a color, which is readable in the dark scheme. */
const lighter = (color: string): string => {
  const tints = Array.from({ length: 20 }, (_, i) => mixedWithWhite(color, i / 20))
  return tints.find((tint) => leastContrast('dark', tint)[0] >= LEAST_CONTRAST) ?? '#ffffff'
}

const mixedWithWhite = (color: string, share: number): string =>
  `#${channelsOf(color)
    .map((value) => Math.round(value + (255 - value) * share))
    .map((value) => value.toString(16).padStart(2, '0'))
    .join('')}`

/** The contrast ratio of two colors (WCAG 2.2). */
const contrastOf = (one: string, other: string): number => {
  const [darker = 0, brighter = 0] = [luminanceOf(one), luminanceOf(other)].sort((a, b) => a - b)
  return (brighter + 0.05) / (darker + 0.05)
}

/** The relative luminance of a color (WCAG 2.2). */
const luminanceOf = (color: string): number => {
  const [red = 0, green = 0, blue = 0] = channelsOf(color).map((value) => {
    const share = value / 255
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}

const channelsOf = (color: string): readonly number[] =>
  [1, 3, 5].map((at) => Number.parseInt(color.slice(at, at + 2), 16))

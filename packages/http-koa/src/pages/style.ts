/** The style sheet of all pages. Text has a contrast of at least 4.5 to 1 in light and dark. */
export const STYLE: string = `:root {
  color-scheme: light dark;
  --ground: #f4f5f7;
  --surface: #ffffff;
  --text: #1b1f24;
  --quiet: #555d67;
  --line: #d0d5dc;
  --field-line: #767f8b;
  --accent: #0b57b5;
  --on-accent: #ffffff;
  --code-ground: #eef2f8;
  --danger: #a3261d;
  --warn-ground: #fff6e0;
  --warn-line: #b7791f;
  --bad-ground: #fdeceb;
  --bad-line: #b3261e;
  --good-ground: #e8f5ec;
  --good-line: #1a7f43;
}

@media (prefers-color-scheme: dark) {
  :root {
    --ground: #121417;
    --surface: #1c1f24;
    --text: #e7eaee;
    --quiet: #a8b0ba;
    --line: #363c45;
    --field-line: #838d99;
    --accent: #8ab8f8;
    --on-accent: #0d1c30;
    --code-ground: #262c35;
    --danger: #f2a59e;
    --warn-ground: #332a14;
    --warn-line: #d9a441;
    --bad-ground: #3a1f1d;
    --bad-line: #ef8d84;
    --good-ground: #17301f;
    --good-line: #63c287;
  }
}

*, *::before, *::after { box-sizing: border-box; }

html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }

body {
  margin: 0;
  min-height: 100vh;
  background: var(--ground);
  color: var(--text);
  font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif;
  overflow-wrap: anywhere;
}

.band, main { max-width: 37rem; margin-inline: auto; padding-inline: 1rem; }

.top { border-bottom: 1px solid var(--line); background: var(--surface); }
.top .band {
  display: flex; flex-wrap: wrap; align-items: center; gap: 0 1.5rem;
  max-width: 60rem; padding-block: 0.5rem; min-height: 3.25rem;
}
.product {
  display: flex; align-items: center; gap: 0.625rem; min-width: 0;
  font-weight: 650; margin: 0; margin-inline-end: auto;
}
.product img { block-size: 2rem; inline-size: auto; max-inline-size: 8rem; object-fit: contain; }
.account { display: flex; flex-wrap: wrap; align-items: center; gap: 0 1.5rem; min-width: 0; }
.who {
  color: var(--quiet); font-size: 0.875rem; margin: 0; min-width: 0;
  overflow: hidden; text-overflow: ellipsis; white-space: nowrap;
}
.top nav { display: flex; flex-wrap: wrap; gap: 0 1.25rem; }
.top [aria-current] { color: var(--text); font-weight: 600; text-decoration: none; }
@media (max-width: 50rem) {
  .account, .who, .top nav { flex-basis: 100%; }
}
.who bdi { color: var(--text); font-weight: 600; }
.top form { margin: 0; }
.top a, .top button { display: inline-flex; align-items: center; min-height: 2.5rem; font-size: 0.875rem; }

main { padding-block: 1.5rem 3rem; }

h1 { font-size: 1.5rem; line-height: 1.25; margin: 0 0 0.75rem; text-wrap: balance; }
h2 { font-size: 1.0625rem; line-height: 1.35; margin: 0 0 0.5rem; }
p { margin: 0 0 0.75rem; text-wrap: pretty; }
a { color: var(--accent); text-underline-offset: 0.15em; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }

.card {
  background: var(--surface); border: 1px solid var(--line); border-radius: 0.75rem;
  padding: 1.25rem; margin-block-end: 1rem;
}
.card > :last-child, .note > :last-child, .message > :last-child { margin-block-end: 0; }

time, .whole { display: inline-block; }
.quiet { color: var(--quiet); }
.small { font-size: 0.875rem; }

.code {
  margin: 0 0 1rem; padding: 0.75rem 0.5rem; border-radius: 0.5rem; background: var(--code-ground);
  font: 700 clamp(1.75rem, 10.5vw, 3.25rem)/1.2 ui-monospace, "SF Mono", Menlo, Consolas, "Liberation Mono", monospace;
  letter-spacing: 0.05em; text-align: center;
}
/* Codes and addresses run from left to right in every language. */
code, .code, .mono, .typed-code { direction: ltr; unicode-bidi: isolate; }
code, .mono { font-family: ui-monospace, "SF Mono", Menlo, Consolas, "Liberation Mono", monospace; font-size: 0.9375em; }

.logo { display: block; max-width: 100%; height: 3rem; margin-block-end: 0.5rem; }

.facts { margin: 0; display: grid; gap: 0.75rem; }
.facts dt { color: var(--quiet); font-size: 0.875rem; }
.facts dd { margin: 0; }
.facts > div { min-width: 0; }
@media (min-width: 34rem) {
  .facts > div { display: grid; grid-template-columns: 11.25rem minmax(0, 1fr); gap: 0.75rem; }
  .facts dt { padding-block-start: 0.0625rem; }
}

.scopes { list-style: none; margin: 0; padding: 0; display: flex; flex-wrap: wrap; gap: 0.375rem; }
.scopes li { border: 1px solid var(--line); border-radius: 0.375rem; padding: 0.0625rem 0.5rem; min-width: 0; }

.badge {
  display: inline-block; border: 1px solid currentColor; border-radius: 1rem; padding: 0 0.5rem;
  font-size: 0.8125rem; font-weight: 600; color: var(--quiet);
}
.badge.warn { color: var(--text); border-color: var(--warn-line); background: var(--warn-ground); }
.badge.good { color: var(--text); border-color: var(--good-line); background: var(--good-ground); }

.note, .message {
  border: 1px solid var(--line); border-inline-start: 0.3125rem solid var(--line); border-radius: 0.5rem;
  padding: 0.75rem 1rem; margin-block-end: 1rem; background: var(--surface);
}
.warn { border-color: var(--warn-line); background: var(--warn-ground); }
.bad { border-color: var(--bad-line); background: var(--bad-ground); }
.good { border-color: var(--good-line); background: var(--good-ground); }
.note strong { display: block; }

label { display: block; font-weight: 600; margin-block-end: 0.375rem; }
input[type="text"], input[type="search"], select {
  display: block; width: 100%; min-height: 3.25rem; padding: 0.5rem 0.75rem; margin-block-end: 0.5rem;
  border: 1px solid var(--field-line); border-radius: 0.5rem;
  background: var(--surface); color: var(--text); font: inherit; font-size: 1.125rem;
}
input.typed-code {
  font: 600 1.5rem/1.2 ui-monospace, "SF Mono", Menlo, Consolas, "Liberation Mono", monospace;
  letter-spacing: 0.06em; text-align: center;
}
select { padding-block: 0; margin-block-end: 1rem; }
fieldset { border: 0; margin: 0; padding: 0; min-width: 0; }
legend { padding: 0; font-weight: 600; margin-block-end: 0.5rem; }
.choice { display: grid; grid-template-columns: auto minmax(0, 1fr); gap: 0.75rem; margin-block-end: 0.75rem; }
.choice input { inline-size: 1.5rem; block-size: 1.5rem; margin: 0; accent-color: var(--accent); }
.choice label { font-weight: 400; margin: 0; }
.choice p { margin: 0; }
input[aria-invalid="true"] { border: 2px solid var(--bad-line); }

button, .button {
  display: inline-flex; align-items: center; justify-content: center; min-height: 2.75rem;
  padding: 0.5rem 1rem; border: 1px solid var(--accent); border-radius: 0.5rem;
  background: var(--surface); color: var(--accent); font: inherit; font-weight: 600; text-decoration: none;
  text-align: center; cursor: pointer;
}
button[hidden] { display: none; }
button:hover, .button:hover { text-decoration: underline; }
.main-action { width: 100%; min-height: 3.25rem; background: var(--accent); color: var(--on-accent); margin-block-start: 0.5rem; }
.plain { border: 0; padding: 0; background: none; text-decoration: underline; text-underline-offset: 0.15em; font-weight: 400; }

@media (max-width: 34rem) {
  main { padding-block-start: 1rem; }
  /* The page of a decision says itself who is signed in. */
  body:has(.decision) .who { display: none; }
}
.account-choice button { min-height: 1.5rem; }
.account-choice p, .account-choice + p { margin-block-end: 0.375rem; }
.code-card h2 { margin-block-end: 0.25rem; }
.code-card .code { margin-block-end: 0.75rem; padding-block: 0.375rem; }
.decision .facts { gap: 0.25rem; margin-block-end: 0.5rem; }
.decision > .facts > div { display: grid; grid-template-columns: minmax(5.5rem, auto) minmax(0, 1fr); gap: 0.75rem; }
.decision details .facts { gap: 0.75rem; margin: 0; }
.decision .choice { margin-block-end: 0.25rem; gap: 0.5rem; }
.decision .note { padding-block: 0.5rem; margin-block: 0.5rem; font-size: 0.875rem; line-height: 1.4; }
.lifetime { display: flex; flex-wrap: wrap; align-items: center; gap: 0 0.75rem; }
.lifetime + .choice { margin-block-start: 0.5rem; }
.lifetime label { margin: 0; }
.lifetime select { flex: 1 1 7rem; width: auto; min-height: 2.5rem; font-size: 1rem; margin: 0; }
.info { border-inline-start: 0.1875rem solid var(--line); padding-inline-start: 0.75rem; margin-block-end: 0.5rem; line-height: 1.4; color: var(--quiet); }
.info strong { display: block; color: var(--text); }
.info p { margin: 0; }
.answers { display: grid; grid-template-columns: repeat(auto-fit, minmax(7rem, 1fr)); gap: 0.75rem; margin-block-start: 0.5rem; }
.answers button { min-height: 3rem; padding-inline: 0.25rem; overflow-wrap: break-word; font-size: clamp(0.9375rem, 4.5vw, 1.0625rem); }
.answers .deny { border-color: var(--field-line); color: var(--text); }
.answers .approve { background: var(--accent); color: var(--on-accent); }
.after-answers { display: flex; flex-wrap: wrap; align-items: center; justify-content: space-between; gap: 0 1rem; margin-block-end: 1rem; }
.after-answers .plain { min-height: 2.5rem; }

.actions { display: flex; flex-wrap: wrap; gap: 0.75rem; margin-block: 1rem 0; }
.actions .main-action { flex: 1 1 12rem; min-height: 2.75rem; margin: 0; }
.actions .main-action + .button { flex: 1 1 12rem; }
.danger { border-color: var(--danger); color: var(--danger); }

.keys { list-style: none; margin: 0; padding: 0; }
.keys .card { padding: 0 1rem; margin-block-end: 0.5rem; }
.key > summary { width: auto; padding-block: 0.625rem; }
.key[open] > summary { margin-block-end: 0.5rem; }
.key-line { display: flex; flex-wrap: wrap; gap: 0 1rem; }
@media (min-width: 34rem) {
  .key-line { display: inline-flex; margin-inline-start: 0.75rem; }
}
.key > details { margin-block-start: 0.5rem; }
.key > :last-child { margin-block-end: 0.75rem; }
.disconnect > summary { color: var(--danger); font-weight: 600; }
.head-actions { margin-block: 0 1rem; }
.search [role="status"] { margin-block: 0.75rem 0; }
details.card { padding-block: 0.5rem; }
details.card[open] { padding-block-end: 1.25rem; }
.recent { list-style: none; margin: 0; padding: 0; }
.recent li { border-block-start: 1px solid var(--line); padding-block: 0.75rem; }

footer { padding-block: 1rem 2rem; font-size: 0.875rem; }
footer ul { display: flex; flex-wrap: wrap; gap: 0 1.25rem; list-style: none; margin: 0; padding: 0; }
footer a { display: inline-flex; align-items: center; min-height: 2rem; }
footer [aria-current] { color: var(--text); font-weight: 600; text-decoration: none; }

summary { cursor: pointer; padding-block: 0.625rem; width: fit-content; }
.facts summary { padding-block: 0 0.5rem; }
.revoke-all { margin-block-start: 1.5rem; }
.revoke-all summary { color: var(--danger); font-weight: 600; }
.revoke-all .card { margin-block-start: 0.5rem; }

.visually-hidden {
  position: absolute; width: 1px; height: 1px; margin: -1px; padding: 0; border: 0;
  overflow: hidden; clip-path: inset(50%); white-space: nowrap;
}

@media (forced-colors: active) {
  .answers button, .main-action { border-color: ButtonText; }
}

@media print { .top form { display: none; } }
`

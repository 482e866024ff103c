/** The page's own style: it fetches nothing, and follows the reader's choice of light or dark. */
export const STYLE = `
:root { color-scheme: light dark; --ink: #1b1f24; --paper: #fff; --quiet: #5f6b7a; --line: #d9dee5; --shade: #f4f6f8; --good: #1a7f4b; --bad: #c0362c; --open: #8a6100; --bar: #4f7cc4 }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ee; --paper: #14171b; --quiet: #9aa5b4; --line: #333a44; --shade: #1d2127; --good: #4cc38a; --bad: #ff7b6e; --open: #e0b23c; --bar: #6d97dd } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); max-width: 64rem; margin: 2rem auto; padding: 0 1rem }
h1 { font-size: 1.7rem; margin: 0 0 1rem }
h2 { font-size: 1.2rem; margin: 2.2rem 0 .6rem; padding-bottom: .2rem; border-bottom: 1px solid var(--line) }
h3 { font-size: 1rem; margin: 1.5rem 0 .4rem }
p { margin: .5rem 0; max-width: 48rem }
.aside { color: var(--quiet); font-weight: 400; font-size: .9em }
.verdict { padding: .6rem 1rem; border-left: .35rem solid var(--good); background: var(--shade); max-width: none }
.verdict.rejected { border-color: var(--bad) }
.wide { overflow-x: auto }
table { border-collapse: collapse; font-variant-numeric: tabular-nums }
th, td { text-align: left; vertical-align: top; padding: .25rem 1.2rem .25rem 0; border-bottom: 1px solid var(--line) }
thead th { font-weight: 600; color: var(--quiet); font-size: .9em }
th[scope=row] { font-weight: 600; white-space: nowrap; max-width: 24rem; overflow: hidden; text-overflow: ellipsis }
td { overflow-wrap: break-word }
td .long { overflow-wrap: anywhere }
.lines { display: block }
.why { display: block; min-width: 20rem }
td .aside:not(.lines) { white-space: nowrap }
.figure { white-space: nowrap }
.badge { font-size: .85em; font-weight: 600; white-space: nowrap }
.badge.passed { color: var(--good) } .badge.failed { color: var(--bad) } .badge.unknown { color: var(--open) }
svg { vertical-align: -1px }
.track { fill: var(--shade) } .bar { fill: var(--bar) } .interval { stroke: var(--ink); fill: none }
.confusion th, .confusion td { padding: .3rem .5rem; min-width: 2rem; border: 1px solid var(--line); text-align: right }
.confusion thead th { vertical-align: bottom }
.confusion .corner { font-weight: 400; white-space: nowrap }
.confusion .none { color: var(--quiet) }
.confusion .right { background: color-mix(in srgb, var(--bar) var(--part), var(--paper)) }
.confusion .wrong { background: color-mix(in srgb, var(--bad) var(--part), var(--paper)) }
.confusion .dark { color: var(--paper) }
`;

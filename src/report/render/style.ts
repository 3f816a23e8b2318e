/** The page's style: system fonts, both colour schemes, paper. */
export const STYLE = `
:root { color-scheme: light dark; --ink: #1b1b1f; --paper: #fff; --soft: #f3f4f6; --line: #d0d4da; --accent: #0072b2; --warn: #8a3b00; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8e8ec; --paper: #16181d; --soft: #22252c; --line: #3c414b; --accent: #6cb6e8; --warn: #f0a868; } .chart { background: #fff; border-radius: 6px; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
p, li, h1, h2, h3 { overflow-wrap: anywhere; }
main { max-width: 72rem; margin: 0 auto; padding: 1.5rem 1rem 4rem; }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0 0 .25rem; }
h2 { font-size: 1.25rem; margin: 2.5rem 0 .5rem; padding-top: .75rem; border-top: 1px solid var(--line); }
.subtitle { margin: 0 0 1rem; opacity: .8; font-size: .9rem; }
.verdicts { background: var(--soft); border-left: 4px solid var(--accent); margin: 0; padding: .75rem 1rem .75rem 2rem; }
.verdicts li { margin: .25rem 0; }
.callout { background: var(--soft); border-left: 4px solid var(--accent); padding: .5rem 1rem; }
.callout.warning { border-color: var(--warn); }
.table, .chart, pre { overflow-x: auto; }
table { border-collapse: collapse; font-size: .85rem; margin: .75rem 0; font-variant-numeric: tabular-nums; }
caption { text-align: left; font-weight: 600; padding-bottom: .4rem; }
th, td { padding: .35rem .6rem; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; }
thead th { background: var(--soft); }
tbody th { font-weight: 600; white-space: nowrap; }
.n { text-align: right; white-space: nowrap; }
figure { margin: 1.5rem 0; }
figcaption { margin-bottom: .5rem; }
.chart svg { max-width: none; height: auto; }
pre { background: var(--soft); padding: .75rem 1rem; font-size: .85rem; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
@media print { main { max-width: none; } .table, .chart, pre { overflow: visible; } details { display: block; } h2 { break-after: avoid; } figure, tr { break-inside: avoid; } }
`;

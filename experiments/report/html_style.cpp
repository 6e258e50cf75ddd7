// SPDX-License-Identifier: MIT
#include "experiments/report/html_style.h"

namespace kickdrum::html {

// Text keeps a contrast of at least 4.5:1 in both schemes. --heat is the matrices' hue: a cell is that colour
// at the opacity of its share; where the text on it must change sides is decided by the classes h1 and h2
// (html_confusion.cpp).
std::string_view style_sheet() {
    return R"css(
:root {
  color-scheme: light dark;
  --page: #fff; --raised: #f4f6f8; --text: #1a1d21; --muted: #59616a; --line: #dde1e6; --strong-line: #9aa3ad;
  --accent: #0a5f9e; --wide: #0a5f9e24; --narrow: #0a5f9e66; --train: #6b737c;
  --warn: #8a4b00; --warn-page: #fff6e6; --warn-line: #e69f00; --bad: #a3270f; --bad-page: #fdeeea;
  --heat: 0 60 125; --on-heat-0: #000; --on-heat-1: #000; --on-heat-2: #fff;
  --class-1: #e69f00; --class-2: #56b4e9; --class-3: #009e73; --class-4: #f0e442; --class-5: #0072b2;
  --class-6: #d55e00; --class-7: #cc79a7; --class-8: #000;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #14171a; --raised: #1d2125; --text: #e8eaed; --muted: #a3abb4; --line: #30363c; --strong-line: #6b747d;
    --accent: #6cbcf0; --wide: #6cbcf026; --narrow: #6cbcf06b; --train: #98a1aa;
    --warn: #f3c26b; --warn-page: #2a2212; --warn-line: #b57d00; --bad: #ff9d87; --bad-page: #331a15;
    --heat: 86 180 233; --on-heat-0: #fff; --on-heat-1: #000; --on-heat-2: #000;
    --class-5: #3a9bdc; --class-8: #c9ced4;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; scroll-behavior: smooth; }
@media (prefers-reduced-motion: reduce) { html { scroll-behavior: auto; } }
body {
  margin: 0; background: var(--page); color: var(--text);
  font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", sans-serif;
}
main, header, footer { max-width: 70rem; margin: 0 auto; padding: 0 clamp(1rem, 4vw, 2.5rem); }
header { padding-top: clamp(1.5rem, 5vw, 3.5rem); }
section { margin-top: 3.5rem; }
h1 { font-size: clamp(1.6rem, 4.5vw, 2.4rem); line-height: 1.15; letter-spacing: -.015em; margin: 0; font-weight: 680;
  overflow-wrap: anywhere; }
h2 { font-size: 1.35rem; line-height: 1.25; letter-spacing: -.005em; margin: 0 0 .4rem; font-weight: 640; }
h3 { font-size: 1rem; margin: 1.75rem 0 .35rem; font-weight: 640; }
p { margin: .4rem 0; max-width: 46rem; }
a { color: var(--accent); text-underline-offset: .15em; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; border-radius: 3px; }
.skip { position: absolute; left: -99rem; }
.skip:focus { left: 1rem; top: .5rem; background: var(--page); padding: .4rem .8rem; z-index: 1; }
.eyebrow { color: var(--muted); font-size: .875rem; margin: 0 0 .35rem; }
.muted, figcaption, .caption { color: var(--muted); font-size: .875rem; }
nav ul { display: flex; flex-wrap: wrap; gap: .15rem 1.1rem; padding: 0; margin: 1.5rem 0 0; list-style: none;
  font-size: .9375rem; }

.hero { display: grid; gap: 1.5rem 3rem; grid-template-columns: minmax(0, 1fr); margin-top: 1.75rem; align-items: start; }
@media (min-width: 56rem) { .hero { grid-template-columns: minmax(0, 1fr) minmax(0, 25rem); } }
.figure { font-size: clamp(2.6rem, 8vw, 4rem); line-height: 1; font-weight: 680; letter-spacing: -.03em;
  font-variant-numeric: tabular-nums; color: var(--accent); margin: .2rem 0 0; max-width: none; }
.figure small { font-size: .42em; letter-spacing: 0; font-weight: 500; color: var(--text); white-space: nowrap; }
.lead { font-size: 1.125rem; line-height: 1.5; margin-top: .9rem; }
.range { font-size: 1.125rem; margin: .6rem 0 0; font-variant-numeric: tabular-nums; }
.verdict { border-left: 4px solid var(--accent); padding: .1rem 0 .1rem .9rem; margin: .9rem 0; }
.facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(7.5rem, 1fr)); gap: .9rem 1.25rem; margin: 2rem 0 1rem;
  padding: 1.1rem 0; border-top: 1px solid var(--line); border-bottom: 1px solid var(--line); }
.facts dt { color: var(--muted); font-size: .8125rem; }
.facts dd { margin: 0; font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
.banner, .warnings { border-left: 4px solid var(--warn-line); background: var(--warn-page); border-radius: 0 6px 6px 0;
  padding: .7rem 1rem; margin: 1.5rem 0 0; }
.banner.running { border-color: var(--accent); background: var(--raised); }
.banner p, .warnings p { margin: 0; }
.warnings h2 { font-size: 1rem; color: var(--warn); margin: 0 0 .2rem; }
.warnings ul { margin: 0; padding-left: 1.15rem; }
.warnings .grave { color: var(--bad); font-weight: 600; }
pre, code { font: .8438rem/1.5 ui-monospace, "SF Mono", Menlo, Consolas, "Liberation Mono", monospace; }
pre.command { white-space: pre-wrap; overflow-wrap: anywhere; }
pre { background: var(--raised); border-radius: 6px; padding: .7rem 1rem; margin: .5rem 0; overflow-x: auto; max-width: 100%; }

.scroll { overflow-x: auto; max-width: 100%; margin: .75rem 0; position: relative; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: .9375rem; line-height: 1.35; }
table.full { width: 100%; }
.caption { margin: -.25rem 0 1.25rem; }
figcaption { margin-top: .5rem; }
th, td { padding: .38rem .7rem; text-align: right; white-space: nowrap; border-bottom: 1px solid var(--line); }
th { font-weight: 600; } thead th { color: var(--muted); font-size: .8125rem; font-weight: 500; vertical-align: bottom; }
thead th { border-bottom-color: var(--strong-line); }
th:first-child, td.text, th.text { text-align: left; }
tbody th { font-weight: 500; }
th:first-child, td:first-child { padding-left: 0; }
tr > th:first-child { position: sticky; left: 0; background: var(--page); }
tr.main th, tr.main td { font-weight: 660; }
tr.rule > * { border-top: 1px solid var(--strong-line); }
.id { font: .8125rem/1.35 ui-monospace, "SF Mono", Menlo, Consolas, "Liberation Mono", monospace; }
th .class { display: inline-flex; align-items: baseline; text-align: left; }
.class i { display: inline-block; flex: none; width: .7em; height: .7em; border-radius: 2px; margin-right: .45em;
  box-shadow: inset 0 0 0 1px #0003; }
@media (prefers-color-scheme: dark) { .class i { box-shadow: inset 0 0 0 1px #fff3; } }

.matrix { border-collapse: separate; border-spacing: 2px; font-size: .875rem; }
.matrix th, .matrix td { border: 0; padding: .3rem .5rem; }
.matrix td { text-align: center; min-width: 4.3rem; border-radius: 4px; background: rgb(var(--heat) / var(--a));
  color: var(--on-heat-0); line-height: 1.25; }
.matrix td.h1 { color: var(--on-heat-1); } .matrix td.h2 { color: var(--on-heat-2); }
.matrix td b { font-weight: 600; } .matrix td.hit b { font-size: 1.1em; font-weight: 700; }
.matrix td span { display: block; font-size: .78rem; }
.matrix td.hit { box-shadow: inset 0 0 0 2px var(--text); }
.matrix td.none { color: var(--muted); background: none; }
.matrix thead th { text-align: center; white-space: normal; max-width: 6rem; color: var(--text); font-size: .8125rem; }
.matrix tbody th { text-align: right; }
.matrix .axis-name { color: var(--muted); font-weight: 400; }
.pair .matrix th, .pair .matrix td { padding: .25rem .35rem; } .pair .matrix td { min-width: 3.5rem; }
.pair .matrix thead th { max-width: 4.6rem; overflow-wrap: break-word; }
@media (max-width: 40rem) {
  .matrix { font-size: .8125rem; } .matrix th, .matrix td { padding: .25rem .3rem; }
  .matrix td { min-width: 3.2rem; } .matrix td span { font-size: .72rem; }
  th .class { width: max-content; max-width: 9rem; white-space: normal; } .matrix th .class { max-width: 6rem; }
}

.charts { display: grid; gap: 1.5rem; grid-template-columns: repeat(auto-fit, minmax(min(100%, 18rem), 1fr));
  margin-top: 1rem; }
.pair { display: grid; gap: 1rem 2.5rem; grid-template-columns: repeat(auto-fit, minmax(min(100%, 28rem), 1fr)); }
.pair > * { min-width: 0; }
figure { margin: 0; min-width: 0; } figure h3 { margin: 0 0 .25rem; }
.chart { display: block; width: 100%; max-width: 30rem; height: auto; overflow: visible; }
.chart text { font-size: 12px; fill: var(--text); font-variant-numeric: tabular-nums; }
.chart .tick { font-size: 11px; fill: var(--muted); }
.chart .halo { paint-order: stroke; stroke: var(--page); stroke-width: 4px; stroke-linejoin: round; }
.chart .name { font-weight: 600; }
.grid { stroke: var(--line); stroke-width: 1; } .axis { stroke: var(--strong-line); stroke-width: 1; }
.chart path.run { fill: none; stroke-width: 1; opacity: .45; } .chart path.median { fill: none; stroke-width: 2.4; }
.chart .median { stroke-linejoin: round; stroke-linecap: round; }
.chart .val { stroke: var(--accent); } .chart .train { stroke: var(--train); stroke-dasharray: 4 3; }
.chart circle.end { stroke: none; fill: var(--accent); opacity: .7; } .chart circle.end.train { fill: var(--train); }
.chart .label { stroke: none; font-weight: 600; } .chart .label.val { fill: var(--accent); }
.chart .label.train { fill: var(--train); }
.chart .best { fill: var(--text); opacity: .75; }
.scores .wide { fill: var(--wide); } .scores .narrow { fill: var(--narrow); }
.scores .dot { fill: var(--page); stroke: var(--accent); stroke-width: 1.6; }
.scores .mean { stroke: var(--accent); stroke-width: 3; stroke-linecap: round; }
.scores .published { fill: var(--page); stroke: var(--text); stroke-width: 1.4; }
.reliability { max-width: 26rem; } .reliability .narrow { fill: var(--narrow); }
.reliability .ideal { stroke-dasharray: 5 4; } .reliability .gap { stroke: var(--accent); stroke-width: 1.6; }
.strip { display: block; width: 16rem; height: 1.25rem; }
audio { display: block; width: 14rem; height: 2rem; } @media print { audio { display: none; } }
.slim { font-size: .875rem; } .slim .strip { width: 6rem; } .slim th, .slim td { padding: .38rem .4rem; }
.strip .whisker { stroke: var(--text); stroke-width: 2; opacity: .55; }
.strip .small { fill: none; stroke: var(--text); stroke-width: 1; opacity: .6; }
.strip .big { stroke: var(--text); stroke-width: 1; }

details { border-top: 1px solid var(--line); } details:last-of-type { border-bottom: 1px solid var(--line); }
summary { cursor: pointer; padding: .6rem 0; font-weight: 560; overflow-wrap: anywhere; }
summary:hover { color: var(--accent); } summary span { font-weight: 400; color: var(--muted); }
.folded { padding: 0 0 1.25rem; }
.method li { max-width: 46rem; margin: .3rem 0; }
footer { margin-top: 4rem; padding-bottom: 3rem; color: var(--muted); font-size: .875rem; }

@media print {
  :root { color-scheme: light; --page: #fff; --raised: #f4f6f8; --text: #000; --muted: #444; --line: #ccc;
    --accent: #0a5f9e; --wide: #0a5f9e24; --narrow: #0a5f9e66; --train: #555; --heat: 0 60 125;
    --on-heat-0: #000; --on-heat-1: #000; --on-heat-2: #fff; --class-5: #0072b2; --class-8: #000;
    --warn-page: #fff6e6; --warn: #8a4b00; --bad: #a3270f; }
  body { font-size: 10pt; -webkit-print-color-adjust: exact; print-color-adjust: exact; }
  main, header, footer { max-width: none; padding: 0; }
  nav, .skip { display: none; }
  .charts { grid-template-columns: repeat(3, 1fr); gap: 1rem; } .pair { grid-template-columns: 1fr 1fr; gap: 1rem; }
  .pair .matrix td { min-width: 0; } .pair table { font-size: 8pt; } .pair th, .pair td { padding: .25rem .3rem; }
  section { margin-top: 2rem; } #curves, .charts { break-inside: avoid; }
  .scroll { overflow: visible; } pre { white-space: pre-wrap; overflow-wrap: anywhere; }
  figure, table, .facts, .warnings { break-inside: avoid; } h2, h3, summary { break-after: avoid; }
  #confusion, #runs { break-before: page; }
  details::details-content { content-visibility: visible; block-size: auto; }
}
)css";
}

}  // namespace kickdrum::html

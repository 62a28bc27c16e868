// Colours follow Okabe and Ito's palette, which readers with any colour vision can tell apart; every mark
// also has a shape of its own.
#include "report/page.h"

namespace triage {
namespace {

constexpr std::string_view kCss = R"css(
:root {
  color-scheme: light dark;
  --page: #fbfbfa; --card: #ffffff; --ink: #1b1f24; --quiet: #5c6570; --line: #dfe2e6; --grid: #eceef0;
  --single: #4a535d; --premodel: #c04a00; --control: #b07d00; --cascade: #0068a8; --adaptive: #b8003c; --oracle: #00805c;
  --random: #a6478c; --other: #6249c4; --good: #00724f; --warn: #8a5300; --warn-page: #fdf5e6; --accent-page: #eef5fa;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #14171a; --card: #1b1f24; --ink: #e8eaed; --quiet: #9aa4af; --line: #30363d; --grid: #272c32;
    --single: #b5bec8; --premodel: #ff8f4f; --control: #e9bd4b; --cascade: #62b8ee; --adaptive: #ff7096; --oracle: #3fcb9f;
    --random: #e08cc8; --other: #a994f5; --good: #4fd0a5; --warn: #f0c36a; --warn-page: #2b2415; --accent-page: #17232d;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body { margin: 0; background: var(--page); color: var(--ink);
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "DejaVu Sans", sans-serif; }
main, header, footer { max-width: 68rem; margin: 0 auto; padding: 0 1.5rem; }
header { padding-top: 3rem; }
.kicker { color: var(--quiet); font-size: .875rem; letter-spacing: .02em; margin: 0 0 .5rem; }
h1 { font-size: clamp(1.75rem, 4.5vw, 2.6rem); line-height: 1.15; letter-spacing: -.02em; font-weight: 650;
  margin: 0 0 1rem; overflow-wrap: anywhere; }
h2 { font-size: 1.3rem; line-height: 1.3; letter-spacing: -.01em; font-weight: 640; margin: 3.25rem 0 .35rem; }
h3 { font-size: 1rem; margin: 1.75rem 0 .25rem; }
p { margin: .35rem 0 .9rem; max-width: 46rem; }
.lead { font-size: 1.125rem; max-width: 50rem; overflow-wrap: anywhere; }
.note { color: var(--quiet); }
ul.remarks { padding-left: 1.1rem; max-width: 50rem; }
ul.remarks li { margin: .3rem 0; overflow-wrap: anywhere; }
.warning { border-left: 3px solid var(--warn); background: var(--warn-page); padding: .6rem .9rem; margin: .6rem 0;
  max-width: none; border-radius: 0 4px 4px 0; overflow-wrap: anywhere; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(9.9rem, 1fr)); gap: .75rem; margin: 1.75rem 0 0; }
.tile { background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: .85rem 1rem .8rem; }
.tile .label { color: var(--quiet); font-size: .8125rem; margin: 0; }
.tile .value { font-size: 1.7rem; line-height: 1.3; font-weight: 620; letter-spacing: -.02em; margin: 0;
  font-variant-numeric: tabular-nums; }
.tile .value small { font-size: .95rem; font-weight: 500; color: var(--quiet); letter-spacing: 0; }
.tile .detail { color: var(--quiet); font-size: .8125rem; line-height: 1.4; margin: .15rem 0 0; }
figure { margin: 1rem 0 0; background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: 1rem 1.1rem; }
figure svg { display: block; width: 100%; min-width: 38rem; height: auto; margin: 0 auto; }
a { color: var(--cascade); }
.pictures { display: grid; grid-template-columns: repeat(auto-fit, minmax(12rem, 1fr)); gap: .75rem; }
.pictures img { image-rendering: pixelated; max-width: 100%; height: auto; }
figcaption { color: var(--quiet); font-size: .875rem; margin-top: .6rem; max-width: 50rem; }
details { margin-top: .6rem; font-size: .875rem; }
summary { cursor: pointer; color: var(--quiet); }
summary:hover { color: var(--ink); }
.scroll { overflow-x: auto; }
.scroll:focus-visible, summary:focus-visible, a:focus-visible { outline: 2px solid var(--cascade); outline-offset: 2px; }
.legend { display: flex; flex-wrap: wrap; gap: .25rem 1.1rem; font-size: .8125rem; color: var(--quiet); margin-bottom: .5rem; }
.legend span { display: inline-flex; align-items: center; gap: .4rem; }
.legend svg { overflow: visible; width: 18px; min-width: 18px; height: 18px; margin: 0; }
table { border-collapse: collapse; font-size: .875rem; font-variant-numeric: tabular-nums; margin: .5rem 0; min-width: 60%; }
caption { text-align: left; white-space: normal; color: var(--quiet); padding-bottom: .35rem; }
th, td { padding: .38rem .7rem; border-bottom: 1px solid var(--line); text-align: left; vertical-align: baseline; white-space: nowrap; }
td.text { white-space: normal; min-width: 14rem; }
th { font-weight: 560; } thead th { color: var(--quiet); font-weight: 500; font-size: .8125rem; vertical-align: bottom; white-space: normal; min-width: 4.5rem; }
th.figure, td.figure { text-align: right; }
table.wrap tbody th { white-space: normal; min-width: 9rem; }
tr.strong th, tr.strong td { background: var(--accent-page); }
section > .scroll table { width: 100%; }
dl { display: grid; grid-template-columns: minmax(8rem, 13rem) 1fr; gap: .45rem 1.5rem; margin: .75rem 0; }
dt { font-weight: 560; } dd { margin: 0; max-width: 48rem; overflow-wrap: anywhere; }
code { font-family: ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; font-size: .875em; }
footer { color: var(--quiet); font-size: .875rem; padding-top: 3rem; padding-bottom: 3rem; }
svg text { font: 13px system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "DejaVu Sans", sans-serif; fill: var(--ink); }
svg text.tick, svg text.axis { fill: var(--quiet); font-size: 12px; }
svg text.halo { paint-order: stroke; stroke: var(--card); stroke-width: 4px; stroke-linejoin: round; }
svg text.strong { font-weight: 620; }
svg .grid { stroke: var(--grid); stroke-width: 1; }
svg .base { stroke: var(--line); stroke-width: 1; }
svg .leader { stroke: var(--quiet); stroke-width: .75; opacity: .7; }
svg .frontier { fill: none; stroke: var(--cascade); stroke-width: 2; stroke-linejoin: round; }
svg .router { fill: none; stroke: var(--quiet); stroke-width: 1.5; stroke-dasharray: 5 4; }
svg .mark { stroke: var(--card); stroke-width: 1.25; }
svg .single { fill: var(--single); } svg .premodel { fill: var(--premodel); } svg .cascade, svg .policy { fill: var(--cascade); }
svg .adaptive { fill: var(--adaptive); } svg .other { fill: var(--other); }
svg .rival { fill: var(--card); stroke: var(--cascade); stroke-width: 1.75; }
svg .line { stroke-width: 2; stroke-linejoin: round; } svg path.line { fill: none; }
svg .line.single, svg .whisker.single, svg .whisker.sbs { stroke: var(--single); }
svg .line.premodel, svg .whisker.premodel { stroke: var(--premodel); }
svg .line.control, svg .whisker.control { stroke: var(--control); }
svg .line.cascade, svg .whisker.cascade, svg .whisker.rival, svg .whisker.policy { stroke: var(--cascade); }
svg .line.adaptive, svg .whisker.adaptive { stroke: var(--adaptive); } svg .line.other, svg .whisker.other { stroke: var(--other); }
svg .line.other { stroke-dasharray: 7 3; }
svg .whisker.vbs, svg .whisker.bound { stroke: var(--oracle); } svg .whisker.random { stroke: var(--random); }
svg .whisker { stroke-width: 1.75; opacity: .65; } svg .whisker.single { opacity: .35; } svg .band { stroke: none; opacity: .17; }
svg .answer-right { fill: var(--oracle); } svg .answer-early { fill: var(--premodel); } svg .answer-wrong { fill: var(--quiet); opacity: .55; }
svg .zero { stroke: var(--ink); stroke-width: 1.25; }
svg .control { fill: var(--control); } svg .vbs, svg .bound { fill: var(--oracle); } svg .random { fill: var(--random); }
svg .bound { fill: var(--card); stroke: var(--oracle); stroke-width: 1.75; }
svg .sbs { fill: none; stroke: var(--ink); stroke-width: 1.5; }
svg .bar { fill: var(--cascade); } svg .bar.none, svg .seg.none { fill: var(--line); } svg .bar.gain { fill: var(--cascade); }
svg .bar.before { fill: var(--cascade); opacity: .35; } svg .bar.dropped { fill: var(--quiet); opacity: .45; }
svg .dot { fill-opacity: .55; stroke: none; } svg .mean { stroke: var(--ink); stroke-width: 2; }
svg text.on-dark { fill: #ffffff; font-size: 12px; } svg text.on-light { fill: #16191c; font-size: 12px; }
svg text.on-none { fill: var(--ink); font-size: 12px; }
.tint { width: .8rem; height: .8rem; border-radius: 2px; display: inline-block; }
@media (max-width: 40rem) {
  main, header, footer { padding-left: 1rem; padding-right: 1rem; }
  header { padding-top: 1.75rem; }
  dl { grid-template-columns: 1fr; gap: .1rem; } dd { margin-bottom: .7rem; }
  figure { padding: .8rem .7rem; }
}
@media print { body { background: #fff; } figure, .tile { break-inside: avoid; } .scroll { overflow: visible; } }
)css";

}  // namespace

std::string report_page(std::string_view title, std::string_view description, const Markup& body) {
  Markup head = element("meta", {{"charset", "utf-8"}});
  head += element("meta", {{"name", "viewport"}, {"content", "width=device-width, initial-scale=1"}});
  head += element("meta", {{"name", "description"}, {"content", std::string(description)}});
  head += element_text("title", {}, title);
  head += element("style", {}, Markup{std::string(kCss)});
  return "<!DOCTYPE html>\n" +
         element("html", {{"lang", "en"}}, element("head", {}, head) + element("body", {}, body)).html + "\n";
}

}  // namespace triage

#include "apps/page/page_frame.h"

namespace denovo::page {

// Colours of arms are Okabe and Ito's, which those with colour blindness tell apart; the lighter
// half of them comes first on dark paper. Text has a contrast of 4.5 or more against its paper
// (tests/apps/report_page_test.sh).
const char* const kPageStyle = R"(
:root{--paper:#fffdf8;--raised:#fffffe;--ink:#1d1b18;--muted:#5f5a52;--hair:#e6e1d6;--axis:#8b8579;
--arm0:#0072b2;--arm1:#d55e00;--arm2:#009e73;--arm3:#cc79a7;--arm4:#56b4e9;--arm5:#e69f00;
--supported:#00654b;--contradicted:#96306c;--inconclusive:#5f5a52;--link:#00568a;--tint:#d3e6f2}
@media screen and (prefers-color-scheme:dark){
:root{--paper:#171614;--raised:#1d1c19;--ink:#ece8df;--muted:#aea79b;--hair:#37342e;--axis:#7d776c;
--arm0:#56b4e9;--arm1:#e69f00;--arm2:#2bb58c;--arm3:#cc79a7;--arm4:#d55e00;--arm5:#3d8fc4;
--supported:#53c9a2;--contradicted:#e794c4;--inconclusive:#aea79b;--link:#8fc7ee;--tint:#25394a}}
.arm0{--c:var(--arm0)}.arm1{--c:var(--arm1)}.arm2{--c:var(--arm2)}
.arm3{--c:var(--arm3)}.arm4{--c:var(--arm4)}.arm5{--c:var(--arm5)}
.supported{--c:var(--supported)}.contradicted{--c:var(--contradicted)}.inconclusive{--c:var(--inconclusive)}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;text-size-adjust:100%}
body{margin:0;background:var(--paper);color:var(--ink);
font:17px/1.5 "Iowan Old Style","Palatino Linotype",Palatino,"Book Antiqua","URW Palladio L",Georgia,serif;
font-variant-numeric:lining-nums}
main{max-width:62rem;margin:0 auto;padding:3.2rem 1.5rem 4rem}
a{color:var(--link);text-underline-offset:.15em;text-decoration-thickness:1px}
h1{font-weight:400;font-size:2.5rem;line-height:1.15;margin:.1rem 0 1.1rem;letter-spacing:-.01em}
h2{font-weight:400;font-style:italic;font-size:1.65rem;line-height:1.25;margin:3.4rem 0 .5rem;padding-top:.9rem;border-top:1px solid var(--hair)}
h3{font-weight:400;font-style:italic;font-size:1.2rem;margin:1.7rem 0 .4rem}
h4{font-weight:600;font-size:1.04rem;line-height:1.3;margin:0}
p{margin:.45rem 0;max-width:44rem}
.eyebrow,.facts,.note,.legend,.why,.rule,table,figcaption,svg text,.verdict,pre,.facts,.n{font-family:system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}
ul{padding-left:1.1rem;max-width:46rem}
.eyebrow{color:var(--muted);font-size:.82rem;letter-spacing:.04em;overflow-wrap:anywhere}
.answer{font-size:1.42rem;line-height:1.42;max-width:46rem;margin:.3rem 0 .7rem}
.surer{font-style:italic;color:var(--muted);font-size:1.08rem}
.surer+.answer{margin-top:1.6rem}
.facts{display:flex;flex-wrap:wrap;gap:.5rem 2rem;font-size:.86rem;margin:1.5rem 0 0}
.facts dt{color:var(--muted);font-size:.78rem}.facts dd{margin:0}
.note,figcaption{color:var(--muted);font-size:.86rem;line-height:1.45}
.notice{border-left:3px solid var(--contradicted);padding:.15rem 0 .15rem .9rem;margin:1.2rem 0;font-size:1rem;overflow-wrap:anywhere}
.cards{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,18rem),1fr));gap:1.1rem;margin:1.1rem 0}
.card{background:var(--raised);border:1px solid var(--hair);border-top:3px solid var(--c);padding:.85rem 1rem .8rem;
display:grid;grid-row:span 6;grid-template-rows:subgrid;align-items:start;gap:0;break-inside:avoid}
.card h4 .number{color:var(--muted);font-weight:400;margin-right:.45em}
.verdict{font-size:.86rem;font-weight:600;color:var(--c);margin:.45rem 0 .1rem;letter-spacing:.01em}
.verdict svg{width:.78em;height:.78em;margin-right:.45em;vertical-align:-.03em}
.estimate{font-size:1.32rem;line-height:1.3;margin:.15rem 0 .3rem}
.estimate small{font-size:.92rem;color:var(--muted)}
.card svg.chart,.card>svg{margin:.2rem 0 .4rem}
.why,.rule{font-size:.82rem;line-height:1.42;margin:.2rem 0;overflow-wrap:anywhere}
.rule{color:var(--muted)}
.panels{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,22rem),1fr));gap:1.2rem 2rem;margin:1rem 0 .6rem}
.panels.three{grid-template-columns:repeat(auto-fit,minmax(min(100%,17.5rem),1fr))}
.panels figure{margin:0;max-width:30rem;break-inside:avoid}
.panels figure h4,.panels h4{font-weight:400;font-size:1.05rem}
.legend{font-size:.86rem;display:flex;flex-wrap:wrap;gap:.25rem 1.4rem;margin:.9rem 0 .2rem;max-width:none}
.legend span{white-space:nowrap}
.key{width:30px;height:12px;margin-right:.5em;vertical-align:-1px}
svg{display:block;width:100%;height:auto;overflow:visible}
.key,.verdict svg{display:inline-block}
svg text{font-size:12.5px;fill:var(--muted);font-variant-numeric:tabular-nums}
svg text.title{fill:var(--ink)}
svg text.strong{fill:var(--ink);font-weight:600}
.grid{stroke:var(--hair);stroke-width:1}
.axis{stroke:var(--axis);stroke-width:1}
.line{fill:none;stroke:var(--c);stroke-width:2;stroke-linejoin:round;stroke-linecap:round}
.thin{stroke-width:1.2}
.dash{stroke-dasharray:5 4}
.band{fill:var(--c);fill-opacity:.15;stroke:none}
.mark{fill:var(--c);stroke:var(--paper);stroke-width:1}
.hollow{fill:var(--paper);stroke:var(--c);stroke-width:1.6}
.seed{fill:var(--c);fill-opacity:.45;stroke:none}
.whisker{stroke:var(--c);stroke-width:1.6;fill:none}
.decides{stroke-width:3}
.noise{stroke:var(--muted);stroke-width:1.2;stroke-dasharray:2 3}
.margin{fill:var(--ink);fill-opacity:.08}
.supports{fill:var(--supported);fill-opacity:.1}
.threshold{stroke:var(--ink);stroke-width:1.2}
.end{stroke:var(--axis);stroke-width:1;stroke-dasharray:2 3}
.scroll{overflow-x:auto;margin:.8rem 0}
table{border-collapse:collapse;font-size:.84rem;line-height:1.4;font-variant-numeric:tabular-nums lining-nums}
th,td{padding:.28rem .9rem .28rem 0;text-align:left;vertical-align:baseline}
th{font-weight:600;border-bottom:1px solid var(--axis);vertical-align:bottom}
th.n,td.n{text-align:right}
.bar{min-width:4.2rem;background-image:linear-gradient(90deg,var(--tint) var(--share),transparent 0)}
td small{color:var(--muted);white-space:nowrap}
.dense td small{display:block}
td small.wrap{white-space:normal}
tr.group td{border-top:1px solid var(--hair)}
.wrap{overflow-wrap:anywhere;max-width:24rem}
td:first-child{white-space:nowrap}
.pictures{display:grid;gap:.35rem .7rem;margin:1rem 0;align-items:start;
grid-auto-flow:column;grid-template-rows:repeat(var(--arms),auto);grid-auto-columns:minmax(0,15rem)}
.pictures figure{margin:0}
.pictures img{display:block;width:100%;height:auto;border:1px solid var(--hair)}
.pictures img.small{image-rendering:pixelated}
.pictures figcaption{padding:.1rem 0}
pre{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;font-size:.8rem;line-height:1.45;
white-space:pre-wrap;overflow-wrap:anywhere;background:var(--raised);border:1px solid var(--hair);padding:.7rem .9rem;margin:.6rem 0}
footer{margin-top:3rem;color:var(--muted);font-size:.9rem}
@media (max-width:40rem){.pictures{grid-auto-flow:row;grid-template:none/repeat(var(--arms),minmax(0,1fr))}
body{font-size:16px}main{padding:1.4rem .95rem 3rem}h1{font-size:1.95rem}
.answer{font-size:1.2rem}h2{margin-top:2.4rem}th,td{padding-right:.65rem}}
@media print{:root{--paper:#fff;--raised:#fff}.pictures,.legend{break-inside:avoid}.legend,.note{break-after:avoid}p{break-inside:avoid}
body{font-size:10.5pt}main{max-width:none;padding:0}h2{break-after:avoid}
.cards{grid-template-columns:repeat(2,1fr)}.panels{grid-template-columns:repeat(2,1fr)}
.panels.three{grid-template-columns:repeat(3,1fr)}
.scroll{overflow:visible}tr{break-inside:avoid}a{color:inherit}}
)";

}  // namespace denovo::page

//! The style of a page.

use crate::figure::{Theme, css_variables};

/// Rules without colours.
const RULES: &str = "
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0;background:var(--plot-background);color:var(--plot-text);font:1rem/1.55 system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif}
main{max-width:46rem;margin:0 auto;padding:2rem 1rem 4rem}
h1{font-size:1.75rem;line-height:1.2;margin:0;overflow-wrap:anywhere}
h2{font-size:1.25rem;line-height:1.3;margin:2.5rem 0 .75rem;padding-top:.75rem;border-top:1px solid var(--plot-grid);overflow-wrap:anywhere}
p{margin:.75rem 0;overflow-wrap:anywhere}
.subtitle{color:var(--plot-muted);margin:.25rem 0 1.5rem}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(9rem,1fr));gap:.75rem;margin:1.5rem 0}
.tiles div{background:var(--raised);border:1px solid var(--plot-grid);border-radius:.5rem;padding:.75rem 1rem;min-width:0}
.tiles dt,.tiles .hint{color:var(--plot-muted);font-size:.8125rem;line-height:1.35;overflow-wrap:anywhere}
.tiles dd{margin:0}
.tiles .value{font-size:1.5rem;font-weight:600;line-height:1.3;font-variant-numeric:tabular-nums;overflow-wrap:anywhere}
.warning{background:var(--note);border-left:.25rem solid var(--plot-3);border-radius:.25rem;padding:.75rem 1rem}
.scroll{overflow-x:auto;margin:1rem 0}
table{border-collapse:collapse;min-width:100%;font-size:.9375rem}
th,td{padding:.375rem .75rem;text-align:left;border-bottom:1px solid var(--plot-grid);vertical-align:top}
th{font-weight:600;color:var(--plot-muted);white-space:nowrap}
.number{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
.pairs{display:grid;grid-template-columns:minmax(8rem,auto) 1fr;gap:.25rem 1.25rem;margin:1rem 0}
.pairs dt{color:var(--plot-muted)}
.pairs dd{margin:0;overflow-wrap:anywhere;font-variant-numeric:tabular-nums}
figure{margin:1.5rem 0}
figure svg{display:block;width:100%;max-width:40rem!important;height:auto}
figcaption{color:var(--plot-muted);font-size:.9375rem;margin-top:.5rem}
pre{background:var(--raised);border:1px solid var(--plot-grid);border-radius:.5rem;padding:.75rem 1rem;overflow-x:auto;font:.875rem/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}
@media (max-width:30rem){main{padding:1.25rem .875rem 3rem}h1{font-size:1.5rem}.tiles{grid-template-columns:1fr 1fr}.pairs{grid-template-columns:1fr;gap:0}.pairs dd{margin-bottom:.5rem}figure svg{width:calc(100% + 1.75rem);max-width:none!important;margin:0 -.875rem}}
@media print{main{max-width:none;padding:0}figure,.tiles div,tr,pre{break-inside:avoid}h2{break-after:avoid}pre{white-space:pre-wrap}.scroll{overflow:visible}}
";

/// The style: rules, and the colours that the reader's system asks for. Paper is always white.
pub(super) fn style() -> String {
    let light = css_variables(Theme::Light);
    let dark = css_variables(Theme::Dark);
    let paper = css_variables(Theme::Paper);
    format!(
        ":root{{{light}--raised:#f6f7f8;--note:#fff6e5;color-scheme:light}}\
         @media (prefers-color-scheme:dark){{:root{{{dark}--raised:#1f2227;--note:#352b16;color-scheme:dark}}}}\
         @media print{{:root{{{paper}--raised:#fff;--note:#fff;color-scheme:light}}}}{RULES}"
    )
}

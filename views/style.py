"""The app's look beyond Streamlit's theme: cards, badges, highlights, in the colours of charts."""

import streamlit as st

from nlp.labels import Tone
from reports.theme import Palette, palette

_MARKDOWN = frozenset("\\`*_{}[]()#+-.!|<>$:~&")

_CSS = """
<style>
:root { --ok-text: %(text)s; --ok-muted: %(muted)s; --ok-line: %(grid)s; --ok-accent: %(accent)s;
  --ok-paper: %(paper)s; }
.ok-negative { --tone: %(negative)s; } .ok-positive { --tone: %(positive)s; }
.ok-neutral { --tone: %(neutral)s; }   .ok-mixed { --tone: %(mixed)s; }
.ok-unread { --tone: %(muted)s; } .ok-busy, .ok-hit { --tone: %(accent)s; }
.stMainBlockContainer { padding-top: 4.2rem; padding-bottom: 3rem; max-width: 1320px;
  padding-left: 2.6rem; padding-right: 2.6rem; }
[data-testid="InputInstructions"] { display: none; }
[data-testid^="stBaseButton-primary"]:not(:disabled) { color: %(paper)s; }
.stHtml { line-height: 1.5; }
.ok-row { display: flex; flex-wrap: wrap; gap: .3rem .65rem; align-items: center; }
.ok-meta { color: var(--ok-muted); font-size: .86rem; }
.ok-meta a { color: var(--ok-accent); text-decoration: none; white-space: nowrap; }
.ok-meta a:hover { text-decoration: underline; }
.ok-badge { display: inline-flex; align-items: center; gap: .35rem; font-weight: 600;
  font-size: .86rem; padding: .08rem .6rem .08rem .3rem; border-radius: 1rem; white-space: nowrap;
  background: color-mix(in srgb, var(--tone) 16%%, transparent); }
.ok-badge i { display: inline-grid; place-items: center; width: 1.1rem; height: 1.1rem;
  border-radius: 50%%; font-style: normal; font-weight: 700; line-height: 1;
  background: var(--tone); color: %(paper)s; }
.ok-text { white-space: pre-wrap; overflow-wrap: anywhere; margin: .55rem 0 .6rem;
  font-size: 1rem; max-width: 96ch; }
.ok-text mark, .ok-quote mark { color: inherit; border-radius: .2rem; padding: .08em .12em;
  background: color-mix(in srgb, var(--tone) 17%%, transparent);
  box-shadow: inset 0 -2px 0 var(--tone); }
.ok-chip { display: inline-flex; gap: .35rem; font-size: .84rem; padding: .05rem .55rem;
  border-radius: .4rem; border: 1px solid color-mix(in srgb, var(--tone) 55%%, transparent);
  white-space: nowrap; }
.ok-chip b { color: var(--tone); }
.ok-plain { border-color: var(--ok-line); color: var(--ok-muted); }
.ok-stars { letter-spacing: .05em; white-space: nowrap; color: var(--ok-text); font-size: .9rem; }
.ok-stars s { text-decoration: none; opacity: .28; }
.ok-note { color: var(--ok-muted); font-size: .86rem; margin: .35rem 0 0; }
.ok-answer { border-left: 3px solid var(--ok-line); padding-left: .75rem; margin: .5rem 0 0;
  color: var(--ok-muted); font-size: .9rem; white-space: pre-wrap; overflow-wrap: anywhere; }
details.ok-long > summary { list-style: none; cursor: pointer; }
details.ok-long > summary::-webkit-details-marker { display: none; }
details.ok-long > summary .more { color: var(--ok-accent); white-space: nowrap; }
details.ok-long[open] > summary { display: none; }
.ok-headline { border-left: 5px solid var(--tone); padding: .1rem 0 .1rem 1rem;
  margin: .3rem 0 .2rem; }
.ok-headline p { margin: 0; }
.ok-headline .sign { color: var(--tone); }
.ok-name { font-size: 1.02rem; overflow-wrap: anywhere; }
.ok-warning { border-left: 3px solid %(negative)s; padding-left: .7rem; margin: .4rem 0 0;
  font-size: .9rem; overflow-wrap: anywhere; max-width: 96ch; }
.ok-live { border: 1px solid var(--ok-line); border-left: 3px solid var(--ok-accent);
  border-radius: .4rem; padding: .5rem .8rem; font-size: .9rem; }
dl.ok-facts { display: grid; grid-template-columns: minmax(6rem, max-content) 1fr;
  gap: .25rem 1rem; margin: 0; padding: 0; font-size: .92rem; }
dl.ok-facts dt { color: var(--ok-muted); } dl.ok-facts dd { margin: 0; overflow-wrap: anywhere; }
.ok-table tr:has(+ .ok-why) td { border-bottom: 0; }
.ok-table .ok-why td { color: var(--ok-muted); padding-top: 0; }
.ok-why div { position: sticky; left: 0; max-width: min(80vw, 90ch); }
.st-key-all_sources { margin-bottom: -1.4rem; }
.ok-query { white-space: pre-wrap; overflow-wrap: anywhere; margin: 0; padding: .5rem .75rem;
  font-size: .9rem; line-height: 1.55; border-radius: .4rem;
  background: color-mix(in srgb, var(--ok-muted) 9%%, transparent); }
.ok-query mark { color: inherit; border-radius: .2rem; padding: .1em .15em;
  background: color-mix(in srgb, var(--tone) 22%%, transparent);
  text-decoration: underline wavy var(--tone); text-underline-offset: .25em; }
.ok-problem { margin: .45rem 0 0; font-size: .95rem; }
.ok-problem code, .ok-table code { font-size: .88em; }
.ok-problem code { display: inline-block; }
.ok-trouble { margin: 0 0 .3rem; font-size: .9rem; }
.ok-finding { color: var(--ok-muted); font-size: .88rem; padding-left: 2.1rem;
  margin-top: -.2rem; }
.ok-number { height: 0; }
.ok-number i { position: absolute; left: 0; top: .2rem; width: 1.4rem; height: 1.4rem;
  border-radius: 50%%; display: grid; place-items: center; background: var(--tone);
  color: %(paper)s; font-size: .78rem; font-weight: 700; font-style: normal; line-height: 1; }
[class*="st-key-open_finding_"] button { padding: 0 0 0 2.1rem; min-height: 1.8rem;
  text-align: left; justify-content: flex-start; }
[class*="st-key-open_finding_"] button p { font-weight: 600; }
[class*="st-key-tile_"] { position: relative; }
[class*="st-key-tile_"] [class*="st-key-open_"] { position: absolute; inset: 0; }
[class*="st-key-tile_"] [class*="st-key-open_"] * { height: 100%%; width: 100%%; }
[class*="st-key-tile_"] button { opacity: 0; border-radius: .5rem; }
[class*="st-key-tile_"]:has(button:not(:disabled):hover),
[class*="st-key-tile_"]:has(button:focus-visible) { outline: 2px solid var(--ok-accent);
  border-radius: .5rem; }
.ok-headline .said { font-size: 1.32rem; line-height: 1.35; font-weight: 600; max-width: 80ch; }
.ok-headline .why { color: var(--ok-muted); margin-top: .35rem; }
.ok-latest { border-top: 1px solid var(--ok-line); padding: .6rem 0 .1rem; }
.ok-latest:first-child { border-top: 0; padding-top: 0; }
.ok-latest .ok-text { margin: .3rem 0 .35rem; font-size: .95rem; }
.ok-table { width: 100%%; border-collapse: collapse; font-size: .88rem; }
.ok-table th { text-align: left; font-weight: 500; color: var(--ok-muted); }
.ok-table th, .ok-table td { padding: .35rem .6rem .35rem 0; vertical-align: top;
  border-bottom: 1px solid var(--ok-line); }
.ok-narrow { width: auto; } .ok-narrow td:first-child { padding-right: 2rem; }
.ok-table .num { text-align: right; white-space: nowrap; }
.ok-wide { overflow-x: auto; }
.ok-legend { display: flex; flex-wrap: wrap; gap: .1rem 1rem; font-size: .86rem;
  color: var(--ok-muted); }
.ok-legend b { color: var(--tone); }
.ok-legend b::before { content: ""; display: inline-block; width: .75rem; height: .75rem;
  border-radius: .15rem; background: var(--tone); margin-right: .35rem; vertical-align: -.08rem; }
.ok-brands { display: flex; flex-wrap: wrap; gap: .1rem 1.2rem; font-size: .95rem; }
.ok-indices a { color: inherit; text-decoration: underline dotted var(--ok-line) 2px;
  text-underline-offset: .25em; }
.ok-indices a:hover { text-decoration: underline; color: var(--ok-accent); }
.ok-indices .few { opacity: .5; }
.ok-indices td:first-child { min-width: 9rem; }
.ok-indices th.num { white-space: normal; max-width: 9rem; }
.ok-indices .verdict { color: var(--ok-muted); font-size: .92em; }
.ok-indices .verdict b { color: var(--tone); }
[class*="st-key-rivals_behind_"] button, [class*="st-key-rivals_ahead_"] button {
  text-align: left; justify-content: flex-start; }
.ok-verdict { font-weight: 600; margin-bottom: .2rem; } .ok-verdict b { color: var(--tone); }
[data-testid="stMetricLabel"] *, [data-testid="stMetricDelta"] * { white-space: normal !important; }
:has(> [data-testid="stMetricDeltaDescription"]) { flex-wrap: wrap; }
[data-testid="stMetricDeltaDescription"] { flex: none; }
.ok-pain { display: grid; grid-template-columns: minmax(0, 3fr) minmax(0, 2.4fr) 8.5rem;
  gap: .2rem 1.4rem; align-items: center; font-size: .92rem; line-height: 1.4; }
[class*="st-key-pain_row_"] { border-bottom: 1px solid var(--ok-line); padding-bottom: .6rem; }
.ok-pain .bar { position: relative; height: .8rem; margin-bottom: .25rem; border-radius: .2rem;
  background: color-mix(in srgb, var(--ok-muted) 10%%, transparent); }
.ok-pain .bar i { display: block; height: 100%%; border-radius: .2rem; background: var(--tone); }
.ok-pain .bar s { position: absolute; top: calc(50%% - 1px); height: 2px; opacity: .6;
  background: var(--ok-text); }
.ok-pain.few .bar i { opacity: .35; } .ok-pain.few .weight span { color: var(--ok-muted); }
.ok-pain .moved { color: color-mix(in srgb, var(--tone) 82%%, var(--ok-text)); font-weight: 600;
  margin-left: .6rem; white-space: nowrap; }
.ok-spark { display: flex; align-items: flex-end; gap: 1px; height: 2.2rem; }
.ok-spark i { flex: 1; background: var(--tone); opacity: .7; min-width: 0; }
.ok-pain.few .ok-spark { opacity: .5; }
.ok-pain .state { color: var(--ok-muted); display: flex; flex-wrap: wrap; gap: .1rem .7rem; }
[class*="st-key-pain_open_"] button, [class*="st-key-pain_open_"] button > div,
.st-key-pain_others button, .st-key-pain_others button > div,
.st-key-pain_surges button, .st-key-pain_surges button > div {
  justify-content: flex-start; text-align: left; }
[class*="st-key-pain_open_"] button * { font-weight: 600; }
.st-key-pain_others, .st-key-pain_surges { gap: .1rem; }
.ok-quote { margin: 0 0 .9rem; padding: 0 0 0 .8rem; border-left: 3px solid var(--tone); }
.ok-quote p { margin: 0 0 .2rem; overflow-wrap: anywhere; }
.ok-since { border-left: 4px solid var(--tone); padding: .3rem .8rem; font-size: .95rem;
  max-width: 96ch; background: color-mix(in srgb, var(--tone) 8%%, transparent); }
[class*="st-key-mention_"] { position: relative; }
[class*="st-key-status_"] button { border: 1px solid var(--ok-line); border-radius: 1rem;
  padding: 0 .6rem; min-height: 1.8rem; }
.st-key-tile_wait [data-testid="stMetricValue"] * { white-space: normal !important; }
@media (min-width: 641px) {
  [class*="st-key-line_"] { flex-wrap: nowrap; }
  [class*="st-key-line_"] > :first-child { flex: 1 1 0; min-width: 0; }
  [class*="st-key-actions_"] { position: absolute; top: .6rem; right: .8rem; width: auto;
    z-index: 1; }
}
@media (max-width: 640px) {
  .stMainBlockContainer { padding-left: 1rem; padding-right: 1rem; }
  .ok-headline .said { font-size: 1.12rem; }
  .ok-pain { grid-template-columns: 1fr 7rem; } .ok-pain .weight { grid-column: 1 / -1; }
}
@media (min-width: 768px) { :has(> .st-key-phone_menu), .st-key-phone_menu { display: none; } }
@media (max-width: 767.98px) {
  [data-testid="stSidebar"], [data-testid="stExpandSidebarButton"] { display: none; }
  .st-key-phone_menu { position: fixed; top: 0; left: 0; right: 0; z-index: 999991; width: auto;
    padding: .4rem .6rem .3rem; flex-wrap: wrap; gap: .5rem 0; background: var(--ok-paper); }
  .stMainBlockContainer { padding-top: 5.2rem; }
  .st-key-phone_menu a > :has(> [data-testid="stIconMaterial"]) { display: none; }
  .st-key-filter_period button { padding-left: .5rem; padding-right: .5rem; }
}
@media print {
  header, .stToolbar, [class*="st-key-filterbar"], .st-key-phone_menu, .st-key-all_mentions,
  [data-testid="stButtonGroup"], [data-testid="stElementToolbar"] { display: none !important; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  .stMainBlockContainer { padding: 0; }
  .stMetric, .stVegaLiteChart, .ok-headline, .ok-latest, [class*="st-key-finding_"],
  [class*="st-key-tile_"] { break-inside: avoid; }
  h2, h3 { break-after: avoid; }
}
</style>
"""


def look() -> Palette:
    """The colours of the theme that this browser shows."""
    return palette(st.context.theme.type)


def plain(text: str) -> str:
    """Text from elsewhere (a link, a name), kept from being read as Markdown."""
    return "".join(f"\\{char}" if char in _MARKDOWN else char for char in text)


def inject() -> None:
    """Put the styles on the page."""
    chosen = look()
    names = ("text", "muted", "grid", "accent", "paper", *(str(tone) for tone in Tone))
    colours = {name: getattr(chosen, name) for name in names}
    st.html(_CSS % colours)

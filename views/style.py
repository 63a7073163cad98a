"""The app's look beyond Streamlit's theme: cards, badges, highlights, in the colours of charts."""

import streamlit as st

from nlp.labels import Tone
from reports.theme import Palette, palette

_MARKDOWN = frozenset("\\`*_{}[]()#+-.!|<>$:~&")

_CSS = """
<style>
:root { --ok-text: %(text)s; --ok-muted: %(muted)s; --ok-line: %(grid)s; --ok-accent: %(accent)s; }
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
.ok-text mark { color: inherit; border-radius: .2rem; padding: .08em .12em;
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
.ok-headline .said { font-size: 1.32rem; line-height: 1.35; font-weight: 600; max-width: 62ch; }
.ok-headline .why { color: var(--ok-muted); margin-top: .35rem; }
.ok-latest { border-top: 1px solid var(--ok-line); padding: .6rem 0 .1rem; }
.ok-latest:first-child { border-top: 0; padding-top: 0; }
.ok-latest .ok-text { margin: .3rem 0 .35rem; font-size: .95rem; }
.ok-table { width: 100%%; border-collapse: collapse; font-size: .88rem; }
.ok-table th { text-align: left; font-weight: 500; color: var(--ok-muted); }
.ok-table th, .ok-table td { padding: .35rem .6rem .35rem 0; vertical-align: top;
  border-bottom: 1px solid var(--ok-line); }
.ok-table .num { text-align: right; white-space: nowrap; }
.ok-wide { overflow-x: auto; }
.ok-legend { display: flex; flex-wrap: wrap; gap: .1rem 1rem; font-size: .86rem;
  color: var(--ok-muted); }
.ok-legend b { color: var(--tone); }
.ok-legend b::before { content: ""; display: inline-block; width: .75rem; height: .75rem;
  border-radius: .15rem; background: var(--tone); margin-right: .35rem; vertical-align: -.08rem; }
[data-testid="stMetricLabel"] *, [data-testid="stMetricDelta"] * { white-space: normal !important; }
:has(> [data-testid="stMetricDeltaDescription"]) { flex-wrap: wrap; }
[data-testid="stMetricDeltaDescription"] { flex: none; }
[class*="st-key-mention_"] { position: relative; }
@media (min-width: 641px) {
  [class*="st-key-line_"] { flex-wrap: nowrap; }
  [class*="st-key-line_"] > :first-child { flex: 1 1 0; min-width: 0; }
  [class*="st-key-actions_"] { position: absolute; top: .6rem; right: .8rem; width: auto;
    z-index: 1; }
}
@media (max-width: 640px) {
  .stMainBlockContainer { padding-left: 1rem; padding-right: 1rem; }
  .ok-headline .said { font-size: 1.12rem; }
}
@media (min-width: 768px) { :has(> .st-key-phone_menu), .st-key-phone_menu { display: none; } }
@media (max-width: 767.98px) {
  [data-testid="stSidebar"], [data-testid="stExpandSidebarButton"] { display: none; }
  .st-key-phone_menu { position: fixed; top: .75rem; left: .6rem; z-index: 999991; width: auto;
    flex-wrap: nowrap; gap: 0; }
  .st-key-phone_menu a > :has(> [data-testid="stIconMaterial"]) { display: none; }
  .st-key-filter_period button { padding-left: .5rem; padding-right: .5rem; }
}
@media print { header, .stToolbar, [class*="st-key-filterbar"] { display: none !important; } }
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
    names = ("text", "muted", "grid", "accent", *(str(tone) for tone in Tone))
    colours = {name: getattr(chosen, name) for name in names}
    paper = "#12171D" if st.context.theme.type == "dark" else "#FFFFFF"
    st.html(_CSS % (colours | {"paper": paper}))

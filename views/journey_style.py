"""The look of the journey map: stages side by side, stacked on a phone, coloured on paper."""

from math import ceil

import streamlit as st

#: Stages in a row at most; more of them go into rows of equal length.
_IN_A_ROW = 6

_CSS = """
<style>
.st-key-jm_map { display: grid; gap: .9rem .7rem; align-items: start;
  grid-template-columns: repeat(%(in_a_row)d, minmax(0, 1fr)); }
.st-key-jm_map > *, .st-key-jm_outside > * { width: 100%% !important; min-width: 0; }
.st-key-jm_outside { display: grid; gap: .5rem .7rem; align-items: start;
  grid-template-columns: repeat(auto-fill, minmax(11rem, 1fr)); }
[class*="st-key-jm_stage_"] { gap: .5rem; }
[class*="st-key-jm_cell_"], [class*="st-key-jm_head_"] { position: relative; gap: 0; }
[class*="st-key-jm_cell_"] > .stElementContainer:not(:first-child),
[class*="st-key-jm_head_"] > .stElementContainer:not(:first-child) {
  position: absolute; inset: 0; width: 100%% !important; height: 100%%; z-index: 2; }
[class*="st-key-jm_cell_"] [data-testid="stSkeleton"],
[class*="st-key-jm_head_"] [data-testid="stSkeleton"] { display: none; }
[class*="st-key-jm_cell_"] .stButton, [class*="st-key-jm_head_"] .stButton,
[class*="st-key-jm_cell_"] .stButton *, [class*="st-key-jm_head_"] .stButton * {
  height: 100%%; width: 100%%; }
[class*="st-key-jm_cell_"] .stButton > *, [class*="st-key-jm_head_"] .stButton > * {
  position: absolute; inset: 0; margin: 0; }
[class*="st-key-jm_cell_"] button, [class*="st-key-jm_head_"] button {
  min-height: 0; padding: 0; border: 0; border-radius: .6rem; overflow: hidden;
  background: transparent !important; color: transparent !important; }
[class*="st-key-jm_cell_"] button *, [class*="st-key-jm_head_"] button * {
  color: transparent !important; font-size: 1px; }
[class*="st-key-jm_cell_"] button:focus-visible, [class*="st-key-jm_head_"] button:focus-visible {
  outline: 3px solid var(--ok-accent); outline-offset: 2px; box-shadow: none; }
[class*="st-key-jm_cell_"]:hover, [class*="st-key-jm_cell_"]:focus-within { z-index: 60; }
[class*="st-key-jm_cell_"]:hover .jm-cell { filter: brightness(1.05);
  box-shadow: 0 2px 10px rgb(0 0 0 / .22); }

.jm-head { background: color-mix(in srgb, var(--ok-muted) 13%%, transparent); min-height: 4.6rem;
  padding: .5rem 1.15rem .5rem .75rem; line-height: 1.25; display: flex; flex-direction: column;
  justify-content: space-between; gap: .3rem;
  clip-path: polygon(0 0, calc(100%% - .8rem) 0, 100%% 50%%, calc(100%% - .8rem) 100%%, 0 100%%); }
.jm-head b { font-weight: 650; font-size: .95rem; overflow-wrap: anywhere; hyphens: auto; }
.jm-head b i { font-style: normal; color: var(--ok-muted); margin-right: .3rem; }
.jm-head span { font-size: .8rem; color: var(--ok-muted); white-space: nowrap; }
.jm-head span strong { color: var(--ok-text); font-weight: 650; }
[class*="st-key-jm_head_"]:hover .jm-head b { text-decoration: underline;
  text-underline-offset: .2em; }

.jm-cell { background: var(--fill); color: var(--ink); border-radius: .6rem;
  padding: .55rem .7rem .6rem; line-height: 1.3; print-color-adjust: exact;
  -webkit-print-color-adjust: exact; transition: box-shadow .12s; }
.jm-name { font-size: .86rem; font-weight: 500; overflow-wrap: anywhere; }
.jm-figures { display: flex; flex-wrap: wrap; align-items: baseline; gap: 0 .6rem; }
.jm-index { font-size: 1.55rem; font-weight: 700; letter-spacing: -.01em; line-height: 1.25; }
.jm-move { font-size: .84rem; font-weight: 650; white-space: nowrap; }
.jm-rank { margin-left: auto; font-size: .72rem; font-weight: 600; white-space: nowrap;
  padding: .02rem .4rem; border-radius: 1rem; align-self: center; border: 1px solid currentColor; }
.jm-volume { font-size: .79rem; display: flex; align-items: center; gap: .45rem;
  white-space: nowrap; }
.jm-bar { flex: 1; height: .34rem; border-radius: .2rem; overflow: hidden;
  background: color-mix(in srgb, currentColor 20%%, transparent); }
.jm-bar i { display: block; height: 100%%; border-radius: .2rem; background: currentColor; }
.jm-few { color: var(--ok-text); border: 1.5px dashed color-mix(in srgb, var(--fill) 80%%,
  var(--ok-muted)); background: repeating-linear-gradient(135deg,
  color-mix(in srgb, var(--fill) 20%%, transparent) 0 7px,
  color-mix(in srgb, var(--fill) 6%%, transparent) 7px 14px); }
.jm-few .jm-index { font-size: 1.2rem; font-weight: 600; }
.jm-few .jm-volume, .jm-few .jm-range { color: var(--ok-muted); }
.jm-range { font-size: .79rem; white-space: nowrap; }
.jm-none { color: var(--ok-muted); border: 1.5px dashed var(--ok-line); background: transparent; }
.jm-quote { margin: .45rem 0 .1rem; padding-left: .55rem; font-size: .8rem; line-height: 1.35;
  border-left: 2px solid color-mix(in srgb, currentColor 55%%, transparent);
  display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: 5; overflow: hidden;
  overflow-wrap: anywhere; }
.jm-pair { display: grid; grid-template-columns: 1fr 1fr; gap: .3rem; margin-top: .3rem; }
.jm-half { background: var(--fill); color: var(--ink); border-radius: .4rem; padding: .2rem .45rem;
  print-color-adjust: exact; -webkit-print-color-adjust: exact; min-width: 0; }
.jm-half b { display: block; font-size: 1.15rem; line-height: 1.25; }
.jm-half span { font-size: .74rem; white-space: nowrap; }
.jm-half.jm-few { color: var(--ok-text); background: repeating-linear-gradient(135deg,
  color-mix(in srgb, var(--fill) 20%%, transparent) 0 7px,
  color-mix(in srgb, var(--fill) 6%%, transparent) 7px 14px); }
.jm-half.jm-few b { font-weight: 600; }
.jm-half.jm-none { color: var(--ok-muted); }
.jm-beside { background: transparent; color: var(--ok-text); border: 1px solid var(--ok-line); }
.jm-verdict { font-size: .8rem; margin-top: .3rem; }
.jm-verdict.jm-vague { color: var(--ok-muted); }

.jm-tip { display: none; position: absolute; top: calc(100%% + .35rem); left: 0; z-index: 70;
  width: max(100%%, 17.5rem); padding: .65rem .8rem .7rem; border-radius: .6rem;
  pointer-events: none; font-size: .84rem; line-height: 1.4; color: var(--ok-text);
  background: var(--ok-paper); border: 1px solid var(--ok-line);
  box-shadow: 0 6px 24px rgb(0 0 0 / .25); }
.jm-tip p { margin: 0 0 .25rem; } .jm-tip .ok-meta { font-size: .8rem; }
.jm-tip .jm-said { margin: .45rem 0 .1rem; overflow-wrap: anywhere; }
.jm-tip mark { color: inherit; border-radius: .2rem; padding: .08em .12em;
  background: color-mix(in srgb, var(--tone) 17%%, transparent);
  box-shadow: inset 0 -2px 0 var(--tone); }
[class*="st-key-jm_cell_"]:hover .jm-tip,
[class*="st-key-jm_cell_"]:has(:focus-visible) .jm-tip { display: block; }
@supports not (position-try-fallbacks: flip-block) {
  [class*="st-key-jm_stage_last"] .jm-tip { left: auto; right: 0; }
}
@supports (position-try-fallbacks: flip-block) {
  [class*="st-key-jm_cell_"] { anchor-name: --jm-cell; anchor-scope: --jm-cell; }
  .jm-tip { position: fixed; inset: auto; margin: .35rem 0; position-anchor: --jm-cell;
    position-area: bottom span-right; width: max(anchor-size(width), 17.5rem);
    position-try-fallbacks: flip-block, flip-inline, flip-block flip-inline; }
}

.jm-legend { display: flex; flex-wrap: wrap; gap: .5rem 1.4rem; align-items: center;
  font-size: .82rem; color: var(--ok-muted); }
.jm-legend .jm-scale, .jm-legend .jm-swatch { vertical-align: -.15rem; margin: 0 .25rem; }
.jm-scale { display: inline-flex; border-radius: .3rem; overflow: hidden; }
.jm-scale i { width: 1.35rem; height: .85rem; background: var(--fill);
  print-color-adjust: exact; -webkit-print-color-adjust: exact; }
.jm-swatch { display: inline-block; width: 1.5rem; height: .95rem; padding: 0;
  border-radius: .3rem; }
@media (max-width: 1100px) { .st-key-jm_map {
  grid-template-columns: repeat(auto-fill, minmax(10.5rem, 1fr)); } }
@media (max-width: 640px) {
  .st-key-jm_map { grid-template-columns: minmax(0, 1fr); gap: 1.3rem; }
  .jm-head { min-height: 0; clip-path: none; border-radius: .6rem; flex-direction: row;
    flex-wrap: wrap; align-items: baseline; padding: .5rem .75rem; }
  .jm-head b { font-size: 1.02rem; }
  .jm-cell:not(.jm-beside, .jm-swatch) { display: grid; grid-template-columns: 1fr auto;
    gap: 0 .8rem; align-items: center; }
  .jm-figures { grid-row: 1; grid-column: 2; flex-direction: row-reverse; }
  .jm-name { font-size: .95rem; }
  .jm-rank { order: 1; margin: 0; }
  .jm-volume, .jm-quote { grid-column: 1 / -1; }
  .jm-range { grid-column: 2; grid-row: 2; }
  .jm-few .jm-volume { grid-column: 1; }
  .st-key-jm_outside { grid-template-columns: minmax(0, 1fr); }
  .jm-tip { display: none !important; }
}
@media (hover: none) { .jm-tip { display: none !important; } }
@media print {
  .st-key-jm_map { grid-template-columns: repeat(%(in_a_row)d, minmax(0, 1fr)); }
  [class*="st-key-jm_cell_"], .jm-head { break-inside: avoid; }
  [data-testid="stDialog"], .st-key-jm_choices { display: none !important; }
}
</style>
"""


def inject(stages: int) -> None:
    """Put the style of a map with so many stages on the page."""
    rows = max(1, ceil(stages / _IN_A_ROW))
    st.html(_CSS % {"in_a_row": max(1, ceil(stages / rows))})

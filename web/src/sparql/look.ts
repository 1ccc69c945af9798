// How the editor looks: all of it from the variables of the style sheets, which reach into its root.

import { HighlightStyle, LanguageSupport, syntaxHighlighting } from "@codemirror/language";
import { EditorView } from "@codemirror/view";
import { styleTags, tags } from "@lezer/highlight";
import { SparqlLanguage } from "codemirror-lang-sparql";

/** The language with what its package leaves without a colour: prefixed names, and `a`. */
export const LANGUAGE = SparqlLanguage.configure({
    props: [styleTags({ "Pname_ln Pname_ns": tags.namespace, A_predicate: tags.keyword })],
});

const coloured = (
    tag: Parameters<typeof HighlightStyle.define>[0][number]["tag"],
    name: string,
) => ({
    tag,
    color: `var(--code-${name})`,
});

const COLOURS = HighlightStyle.define([
    { ...coloured(tags.keyword, "keyword"), fontWeight: "600" },
    coloured(tags.variableName, "variable"),
    coloured(tags.string, "string"),
    coloured([tags.integer, tags.float, tags.bool], "number"),
    coloured([tags.url, tags.namespace, tags.typeName], "name"),
    coloured(tags.annotation, "number"),
    { ...coloured(tags.comment, "comment"), fontStyle: "italic" },
]);

const THEME = EditorView.theme({
    "&": { color: "var(--ink)", backgroundColor: "var(--raised)", maxHeight: "70vh" },
    "&.cm-focused": { outline: "none" },
    ".cm-scroller": { font: "0.9rem/1.55 var(--mono)", overflow: "auto" },
    ".cm-content": { minHeight: "19rem", padding: "0.6rem 0", caretColor: "var(--ink)" },
    ".cm-cursor": { borderLeftColor: "var(--ink)" },
    ".cm-gutters": {
        border: "none",
        backgroundColor: "transparent",
        color: "var(--soft)",
    },
    ".cm-activeLine, .cm-activeLineGutter": {
        backgroundColor: "color-mix(in srgb, var(--wash) 70%, transparent)",
    },
    "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground":
        { backgroundColor: "color-mix(in srgb, var(--c2) 28%, transparent)" },
    "&.cm-focused .cm-matchingBracket": {
        backgroundColor: "color-mix(in srgb, var(--good) 28%, transparent)",
    },
    "&.cm-focused .cm-nonmatchingBracket": {
        backgroundColor: "color-mix(in srgb, var(--bad) 28%, transparent)",
    },
    ".cm-tooltip": {
        border: "1px solid var(--line)",
        borderRadius: "0.4rem",
        backgroundColor: "var(--raised)",
        color: "var(--ink)",
        boxShadow: "0 0.4rem 1.5rem rgb(0 0 0 / 0.18)",
        fontSize: "0.9rem",
        maxWidth: "min(30rem, 92vw)",
    },
    ".cm-tooltip.cm-tooltip-autocomplete > ul": {
        fontFamily: "var(--mono)",
        fontSize: "0.85rem",
        maxHeight: "16rem",
        minWidth: "min(16rem, 80vw)",
        maxWidth: "min(44rem, 92vw)",
    },
    ".cm-tooltip.cm-tooltip-autocomplete > ul > li": {
        display: "flex",
        gap: "0.6rem",
        alignItems: "baseline",
        padding: "0.15rem 0.5rem",
    },
    ".cm-tooltip-autocomplete ul li[aria-selected]": {
        backgroundColor: "var(--tint)",
        color: "var(--ink)",
    },
    ".cm-completionLabel": {
        flex: "none",
        maxWidth: "70%",
        overflow: "hidden",
        textOverflow: "ellipsis",
    },
    ".cm-completionDetail": {
        marginLeft: "0",
        flex: "1",
        color: "var(--soft)",
        fontFamily: "system-ui, sans-serif",
        fontStyle: "normal",
        overflow: "hidden",
        textOverflow: "ellipsis",
    },
    ".cm-completionMatchedText": { textDecoration: "none", fontWeight: "700" },
    ".cm-completionUses": { color: "var(--soft)", fontVariantNumeric: "tabular-nums" },
    ".cm-tooltip.cm-completionInfo": { padding: "0.5rem 0.7rem", lineHeight: "1.45" },
    ".cm-about": { padding: "0.4rem 0.7rem", lineHeight: "1.45" },
    ".cm-about p": { margin: "0" },
    ".cm-about p + p": { color: "var(--soft)" },
    ".cm-diagnostic": { padding: "0.35rem 0.6rem", borderLeftWidth: "4px" },
    ".cm-diagnostic-error": { borderLeftColor: "var(--bad)" },
    ".cm-diagnostic-warning": { borderLeftColor: "var(--warn)" },
    ".cm-diagnostic-info": { borderLeftColor: "var(--c2)" },
    ".cm-diagnosticAction": {
        padding: "0.15rem 0.5rem",
        backgroundColor: "var(--accent)",
        color: "var(--on-accent)",
        font: "inherit",
        fontSize: "0.85rem",
    },
    ".cm-lintRange-error": underlined("var(--bad)"),
    ".cm-lintRange-warning": underlined("var(--warn)"),
    ".cm-lintRange-info": underlined("var(--c2)"),
    ".cm-lintRange-active": { backgroundColor: "var(--warn-tint)" },
    ".cm-lintPoint-error::after": { borderBottomColor: "var(--bad)" },
    // the package draws these from data: addresses, which the policy does not allow
    ".cm-lint-marker": { width: "0.6em", height: "0.6em", borderRadius: "50%" },
    ".cm-lint-marker-error": { content: "normal", backgroundColor: "var(--bad)" },
    ".cm-lint-marker-warning": { content: "normal", backgroundColor: "var(--warn)" },
    ".cm-lint-marker-info": { content: "normal", backgroundColor: "var(--c2)" },
    ".cm-panels": {
        backgroundColor: "var(--wash)",
        color: "var(--ink)",
        borderTop: "1px solid var(--line)",
    },
    ".cm-panel.cm-search": { padding: "0.4rem 0.5rem", font: "0.88rem system-ui, sans-serif" },
    ".cm-panel.cm-search [name=close]": { color: "var(--ink)", fontSize: "1.2rem" },
    ".cm-textfield": {
        border: "1px solid var(--line)",
        backgroundColor: "var(--raised)",
        color: "var(--ink)",
    },
    ".cm-button": {
        border: "1px solid var(--line)",
        backgroundImage: "none",
        backgroundColor: "var(--raised)",
        color: "var(--ink)",
    },
    ".cm-searchMatch": { backgroundColor: "color-mix(in srgb, var(--c4) 35%, transparent)" },
});

function underlined(colour: string): Record<string, string> {
    return {
        backgroundImage: "none",
        textDecoration: `underline wavy ${colour} 1.5px`,
        textUnderlineOffset: "3px",
    };
}

export const look = [new LanguageSupport(LANGUAGE), THEME, syntaxHighlighting(COLOURS)];

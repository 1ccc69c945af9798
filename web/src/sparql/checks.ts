// What is wrong with a query, or looks like it, before anybody is asked: where, and how to mend it.

import { nearest } from "./likeness.js";
import { type Change, declaration } from "./prefixes.js";
import {
    asksGraphs,
    declared,
    firstError,
    irisOf,
    namesOf,
    parse,
    type Span,
    variablesOf,
} from "./syntax.js";
import { allWords, type Vocabulary, written } from "./vocabulary.js";
import { fill, type Words } from "./words.js";

export interface Fix extends Change {
    name: string;
}

export interface Problem extends Span {
    severity: "error" | "warning" | "info";
    message: string;
    fixes: Fix[];
}

/** What may be missing: a text that is tried in its place, and the key of what it is called. */
const CLOSING: [string, string][] = [
    ["}", "}"],
    [")", ")"],
    ["]", "]"],
];
const OTHERS: [string, string][] = [
    [".", "."],
    ["?x", "aValue"],
    ["?x ?x", "aPropertyAndAValue"],
    ["1", "aNumber"],
    ["{", "{"],
    ["(", "("],
    ["AS ?x", "AS"],
];
const KEYWORDS =
    "ASK BASE BIND CONSTRUCT DESCRIBE DISTINCT EXISTS FILTER FROM GRAPH GROUP HAVING LIMIT MINUS NAMED NOT OFFSET OPTIONAL ORDER PREFIX REDUCED SELECT SERVICE UNION VALUES WHERE".split(
        " ",
    );
/** Characters of a query beyond which only the server checks it. */
const MOST = 60_000;
const TOKEN = /[^\s{}()[\];,.]+|[^\s]/y;

/** All that is wrong, in the order of the text; of syntax errors the first only, since others follow from it. */
export function check(text: string, known: Vocabulary | undefined, words: Words): Problem[] {
    if (!text.trim() || text.length > MOST) {
        return [];
    }
    const tree = parse(text);
    const error = firstError(tree);
    return [
        ...(error ? [syntaxProblem(text, error, words)] : []),
        ...prefixProblems(text, known, words),
        ...(known ? wordProblems(text, known, words) : []),
        ...(error ? [] : variableProblems(text, words)),
    ].sort((one, other) => one.from - other.from);
}

function syntaxProblem(text: string, error: Span, words: Words): Problem {
    const end = text.trimEnd().length;
    const at = Math.min(error.from, end);
    TOKEN.lastIndex = at + (/^\s*/.exec(text.slice(at))?.[0].length ?? 0);
    const token = at < end ? (TOKEN.exec(text)?.[0] ?? "") : "";
    const start = token ? TOKEN.lastIndex - token.length : end;
    const place = token
        ? { from: start, to: start + token.length }
        : { from: Math.max(0, end - 1), to: end };
    const keyword = /^[A-Za-z]{3,}$/.test(token) ? nearest(token, KEYWORDS) : undefined;
    if (keyword && keyword !== token.toUpperCase() && isAccepted(text, start, keyword, token)) {
        const fix = { ...place, insert: keyword, name: fill(words, "write", { text: keyword }) };
        return problem(place, fill(words, "unexpected", { text: token }), [fix]);
    }
    const candidates = token ? [...OTHERS, ...CLOSING] : [...CLOSING, ...OTHERS];
    for (const [sample, name] of candidates) {
        const isMark = !/\w/.test(sample);
        const what = isMark ? `“${name}”` : (words[name] ?? name);
        if (isMissing(text, start, sample, token)) {
            const key = token ? "missingBefore" : "missing";
            const fix = { from: start, to: start, insert: `${sample} `, name: "" };
            fix.name = fill(words, "insert", { text: sample });
            return problem(place, fill(words, key, { what, text: token }), isMark ? [fix] : []);
        }
        if (token && !isMark && isAccepted(text, start, sample, token)) {
            return problem(place, fill(words, "instead", { what, text: token }), []);
        }
    }
    return problem(place, fill(words, token ? "unexpected" : "unfinished", { text: token }), []);
}

const problem = (place: Span, message: string, fixes: Fix[]): Problem => ({
    ...place,
    severity: "error",
    message,
    fixes,
});

/** Whether a text with `sample` before the wrong token follows the grammar, and past the token. */
function isMissing(text: string, at: number, sample: string, token: string): boolean {
    const before = `${text.slice(0, at)} ${sample} `;
    const error = firstError(parse(before + text.slice(at)), at);
    return !error || error.from > before.length || (!token && error.from === before.length);
}

/** Whether a text with `word` in the place of `token` follows the grammar up to there. */
function isAccepted(text: string, at: number, word: string, token: string): boolean {
    const changed = text.slice(0, at) + word + text.slice(at + token.length);
    const error = firstError(parse(changed), at);
    return !error || error.from >= at + word.length;
}

function prefixProblems(text: string, known: Vocabulary | undefined, words: Words): Problem[] {
    const unknown = namesOf(text).filter((name) => name.iri === undefined);
    const lines = new Map<string, Change>();
    for (const prefix of new Set(unknown.map((name) => name.prefix))) {
        const iri = known?.prefixes[prefix];
        if (iri) {
            lines.set(prefix, declaration(text, prefix, iri));
        }
    }
    return unknown.map(({ from, to, prefix }) => {
        const line = lines.get(prefix);
        const name = fill(words, "addPrefix", { prefix, iri: known?.prefixes[prefix] ?? "" });
        const message = fill(words, "unknownPrefix", { prefix });
        return { from, to, severity: "error", message, fixes: line ? [{ ...line, name }] : [] };
    });
}

function wordProblems(text: string, known: Vocabulary, words: Words): Problem[] {
    const tree = parse(text);
    const all = new Map(allWords(known).map((word) => [word.iri, word]));
    const used = [...namesOf(text, tree), ...irisOf(text, tree)];
    return used.flatMap(({ from, to, iri }): Problem[] => {
        if (iri === undefined) {
            return [];
        }
        const name = text.slice(from, to);
        if (all.get(iri)?.onlyInGraphs && !asksGraphs(tree, from)) {
            const message = fill(words, "onlyInGraphs", { name });
            return [{ from, to, severity: "info", message, fixes: [] }];
        }
        const namespace = known.complete.find((one) => iri.startsWith(one) && iri !== one);
        if (namespace === undefined || all.has(iri)) {
            return [];
        }
        const locals = [...all.keys()]
            .filter((one) => one.startsWith(namespace))
            .map((one) => one.slice(namespace.length));
        const meant = nearest(iri.slice(namespace.length), locals);
        const insert = meant && written(namespace + meant, declared(text, tree), {}).text;
        const fixes = insert
            ? [{ from, to, insert, name: fill(words, "write", { text: insert }) }]
            : [];
        const message = fill(words, "unknownWord", { name });
        return [{ from, to, severity: "warning", message, fixes }];
    });
}

function variableProblems(text: string, words: Words): Problem[] {
    const variables = variablesOf(text);
    return variables
        .filter(
            (one) =>
                one.isAskedFor && variables.filter((other) => other.name === one.name).length === 1,
        )
        .map(({ from, to, name }) => {
            const others = variables.filter((other) => !other.isAskedFor).map((one) => one.name);
            const meant = nearest(name, new Set(others));
            const fixes = meant
                ? [
                      {
                          from,
                          to,
                          insert: `?${meant}`,
                          name: fill(words, "write", { text: `?${meant}` }),
                      },
                  ]
                : [];
            return {
                from,
                to,
                severity: "warning",
                message: fill(words, "unboundVariable", { name }),
                fixes,
            };
        });
}

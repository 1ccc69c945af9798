// The words that queries are written with, as /sparql/terms gives them, and how they are written.

import { split } from "./syntax.js";

type ByLanguage = Record<string, string>;

/** A class, a property, or a value that the ontology has itself. */
export interface Word {
    iri: string;
    uses: number;
    label?: ByLanguage;
    definition?: ByLanguage;
    /** Of a value: the properties that lead to it. */
    of?: string[];
    /** Of a property: whether it is used in named graphs and not outside of them. */
    onlyInGraphs?: boolean;
}

export interface Vocabulary {
    version: string;
    prefixes: Record<string, string>;
    /** Namespaces of which all words are here, so that another one is a mistake. */
    complete: string[];
    classes: Word[];
    properties: Word[];
    values: Word[];
    graphs: string[];
}

/** What an IRI is written as, and the prefix that has to be declared for that. */
export interface Written {
    text: string;
    needs?: { prefix: string; iri: string };
}

const LOCAL = /^[\p{L}\p{N}_](?:[\p{L}\p{N}_.-]*[\p{L}\p{N}_-])?$/u;

/** An IRI as a query writes it: by the longest namespace that it or the table has a prefix for. */
export function written(
    iri: string,
    declared: ReadonlyMap<string, string>,
    table: Readonly<Record<string, string>>,
): Written {
    const fits = (namespace: string) =>
        namespace && iri.startsWith(namespace) && LOCAL.test(iri.slice(namespace.length));
    const known = [
        ...declared,
        ...Object.entries(table).filter(([prefix]) => !declared.has(prefix)),
    ]
        .filter(([, namespace]) => fits(namespace))
        .sort((one, other) => other[1].length - one[1].length);
    const [prefix, namespace] = known[0] ?? [];
    if (prefix === undefined || namespace === undefined) {
        return { text: `<${iri}>` };
    }
    const text = `${prefix}:${iri.slice(namespace.length)}`;
    return declared.has(prefix) ? { text } : { text, needs: { prefix, iri: namespace } };
}

/** A text in the language of the page, else in English or none, else in any. */
export function inLanguage(texts: ByLanguage | undefined, language: string): string {
    return texts?.[language] ?? texts?.en ?? texts?.[""] ?? Object.values(texts ?? {})[0] ?? "";
}

/** All labels of a word, that of the page's language first. */
export function labels(word: Word, language: string): string {
    const first = inLanguage(word.label, language);
    const others = Object.values(word.label ?? {}).filter((label) => label !== first);
    return [first, ...others].filter(Boolean).join(" · ");
}

export const allWords = (known: Vocabulary): Word[] => [
    ...known.classes,
    ...known.properties,
    ...known.values,
];

/** How well a word fits what is typed: the higher the better, 0 if it does not. */
export function fit(word: Word, name: string, typed: string): number {
    const wanted = typed.toLowerCase();
    const [prefix, local] = split(name.toLowerCase());
    if (!wanted) {
        return 1;
    }
    if (wanted.includes(":")) {
        const [wantedPrefix, wantedLocal] = split(wanted);
        if (wantedPrefix !== prefix) {
            return 0;
        }
        return local.startsWith(wantedLocal) ? 5 : local.includes(wantedLocal) ? 2 : 0;
    }
    const labelled = Object.values(word.label ?? {}).map((label) => label.toLowerCase());
    if (local === wanted || labelled.includes(wanted)) {
        return 6;
    }
    if (local.startsWith(wanted)) {
        return 5;
    }
    if (labelled.some((label) => label.startsWith(wanted) || label.includes(` ${wanted}`))) {
        return 4;
    }
    if (local.includes(wanted) || labelled.some((label) => label.includes(wanted))) {
        return 3;
    }
    return prefix.startsWith(wanted) ? 2 : 0;
}

// What may be written at a place of a query: the grammar says what fits, the vocabulary what there is.
//
// Where something fits is tried out: the text before it is parsed with a name or a keyword in its
// place, and the tree says what that would be.

import type { SyntaxNode } from "@lezer/common";
import { declared, firstError, isInText, parse, split, variablesOf } from "./syntax.js";
import { fit, inLanguage, labels, type Vocabulary, type Word, written } from "./vocabulary.js";

export type Position =
    | "class"
    | "datatype"
    | "graph"
    | "none"
    | "object"
    | "prefix"
    | "property"
    | "subject"
    | "value";

export interface Place {
    position: Position;
    /** Where what is typed begins, and what it is. */
    from: number;
    typed: string;
    /** The property of which an object is to be written, if it is one name. */
    property?: string;
}

export interface Suggestion {
    text: string;
    kind:
        | "class"
        | "entity"
        | "function"
        | "graph"
        | "keyword"
        | "prefix"
        | "property"
        | "value"
        | "variable";
    detail: string;
    info: string;
    uses?: number;
    /** The prefix that has to be declared. */
    needs?: { prefix: string; iri: string };
}

const TYPED =
    /(?:[?$][\p{L}\p{N}_]*|[\p{L}\p{N}_][\p{L}\p{N}_.\-·]*(?::[\p{L}\p{N}_.\-·%]*)?|:[\p{L}\p{N}_.\-·%]*)$/u;
const NAME = "x:y";
const RDF_TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type";
const XSD = "http://www.w3.org/2001/XMLSchema#";
const DATATYPES = "string integer decimal double boolean date dateTime gYear".split(" ");
/** Characters of a query beyond which not every keyword is tried. */
const MOST_TRIED = 10_000;
const CLAUSES =
    "SELECT|SELECT DISTINCT|CONSTRUCT|ASK|DESCRIBE|PREFIX|BASE|FROM|FROM NAMED|WHERE|DISTINCT|OPTIONAL|FILTER|FILTER NOT EXISTS|FILTER EXISTS|BIND|VALUES|UNION|MINUS|GRAPH|SERVICE|GROUP BY|HAVING|ORDER BY|LIMIT|OFFSET|ASC|DESC|AS|IN|NOT IN|EXISTS|NOT EXISTS|UNDEF|true|false|a".split(
        "|",
    );
const AGGREGATES = "COUNT SUM MIN MAX AVG SAMPLE GROUP_CONCAT".split(" ");
const FUNCTIONS =
    "STR LANG LANGMATCHES DATATYPE BOUND IRI BNODE RAND ABS CEIL FLOOR ROUND CONCAT STRLEN UCASE LCASE ENCODE_FOR_URI CONTAINS STRSTARTS STRENDS STRBEFORE STRAFTER YEAR MONTH DAY HOURS MINUTES SECONDS TIMEZONE TZ NOW UUID STRUUID MD5 SHA1 SHA256 SHA384 SHA512 COALESCE IF STRLANG STRDT SAMETERM ISIRI ISBLANK ISLITERAL ISNUMERIC REGEX SUBSTR REPLACE".split(
        " ",
    );

/** What is typed before `at`, and what would be there. */
export function placeAt(text: string, at: number): Place {
    const typed = TYPED.exec(text.slice(0, at))?.[0] ?? "";
    const from = at - typed.length;
    if (isInText(text, at)) {
        return { position: "none", from, typed };
    }
    const before = text.slice(0, from);
    if (/\bPREFIX\s+$/i.test(before)) {
        return { position: "prefix", from, typed };
    }
    const name = parse(`${before}${NAME} `).resolveInner(from + 1);
    return { from, typed, ...positionOf(name, before) };
}

function positionOf(name: SyntaxNode, before: string): Pick<Place, "position" | "property"> {
    for (let node: SyntaxNode | null = name; node; node = node.parent) {
        if (node.type.isError) {
            return { position: "none" };
        }
        switch (node.name) {
            case "VerbPath":
            case "Verb":
                return { position: "property" };
            case "RDFLiteral":
                return { position: "datatype" };
            case "GraphGraphPattern":
            case "SourceSelector":
                return { position: "graph" };
            case "ObjectList":
            case "ObjectListPath": {
                const property = propertyOf(node.prevSibling, before);
                const position = property === RDF_TYPE ? "class" : "object";
                return { position, ...(property ? { property } : {}) };
            }
            case "Expression":
            case "DataBlockValue":
            case "DescribeQuery":
                return { position: "value" };
            case "TriplesSameSubject":
            case "TriplesSameSubjectPath":
                return { position: "subject" };
        }
    }
    return { position: "none" };
}

/** The property that a verb is, if it is one name and no path. */
function propertyOf(verb: SyntaxNode | null, text: string): string | undefined {
    const said = verb ? text.slice(verb.from, verb.to).trim() : "";
    if (said === "a") {
        return RDF_TYPE;
    }
    const [prefix, local] = split(said);
    const namespace = /[/|^*+?()!]/.test(said) ? undefined : declared(text).get(prefix);
    return namespace === undefined ? undefined : namespace + local;
}

/** All that may be written at a place, what fits best and is used most first. */
export function suggestions(
    text: string,
    place: Place,
    known: Vocabulary | undefined,
    language: string,
): Suggestion[] {
    const { position, from, typed } = place;
    if (isInText(text, from + typed.length)) {
        return [];
    }
    if (/^[?$]/.test(typed)) {
        return variables(text, place);
    }
    if (position === "prefix") {
        return known ? prefixLines(text, typed, known) : [];
    }
    const own = !typed.includes(":") ? keywords(text.slice(0, from), typed) : [];
    const all = known && position !== "none" ? words(text, place, known, language) : [];
    const others = typed ? [] : variables(text, place);
    const prefixes = known && typed && position !== "none" ? prefixNames(text, typed, known) : [];
    return typed ? [...all, ...prefixes, ...own] : [...all, ...others, ...own];
}

function variables(text: string, { from, typed }: Place): Suggestion[] {
    const uses = new Map<string, number>();
    for (const variable of variablesOf(text)) {
        if (variable.from !== from && variable.name) {
            uses.set(variable.name, (uses.get(variable.name) ?? 0) + 1);
        }
    }
    const mark = typed[0] ?? "?";
    return [...uses]
        .filter(([name]) => name.toLowerCase().startsWith(typed.slice(1).toLowerCase()))
        .sort((one, other) => other[1] - one[1] || one[0].localeCompare(other[0]))
        .map(([name]) => ({ text: `${mark}${name}`, kind: "variable", detail: "", info: "" }));
}

function prefixLines(text: string, typed: string, known: Vocabulary): Suggestion[] {
    const there = declared(text);
    return Object.entries(known.prefixes)
        .filter(([prefix]) => prefix.startsWith(typed.replace(":", "")) && !there.has(prefix))
        .map(([prefix, iri]) => ({
            text: `${prefix}: <${iri}>`,
            kind: "prefix",
            detail: "",
            info: "",
        }));
}

function prefixNames(text: string, typed: string, known: Vocabulary): Suggestion[] {
    if (typed.includes(":")) {
        return [];
    }
    const there = declared(text);
    const all = new Map([...Object.entries(known.prefixes), ...there]);
    return [...all]
        .filter(([prefix]) => prefix?.startsWith(typed))
        .map(([prefix, iri]) => ({
            text: `${prefix}:`,
            kind: "prefix",
            detail: iri,
            info: "",
            ...(there.has(prefix) ? {} : { needs: { prefix, iri } }),
        }));
}

/** The keywords and functions with which the text before would go on. */
function keywords(before: string, typed: string): Suggestion[] {
    if (!typed && before.length > MOST_TRIED) {
        return [];
    }
    const wanted = typed.toUpperCase();
    const follows = (tried: string) => {
        const error = firstError(parse(`${before}${tried} `), before.length);
        return !error || error.from >= before.length + tried.length;
    };
    const fitting = (all: string[]) => all.filter((word) => word.toUpperCase().startsWith(wanted));
    // where one function may be called any may
    const called = [AGGREGATES, FUNCTIONS].flatMap((all) => {
        const [first, ...others] = fitting(all);
        return first && follows(`${first}(`) ? [first, ...others] : [];
    });
    const made = (text: string, kind: "function" | "keyword"): Suggestion => ({
        text,
        kind,
        detail: "",
        info: "",
    });
    return [
        ...fitting(CLAUSES)
            .filter(follows)
            .map((word) => made(word, "keyword")),
        ...called.map((name) => made(`${name}(`, "function")),
    ];
}

function words(text: string, place: Place, known: Vocabulary, language: string): Suggestion[] {
    const { position, typed, property } = place;
    const there = declared(text);
    const made = (kind: Suggestion["kind"], of: Word[]) =>
        of
            .map((word) => ({ word, name: written(word.iri, there, known.prefixes) }))
            .map(({ word, name }) => ({ word, name, fit: fit(word, name.text, typed) }))
            .filter((one) => one.fit > 0)
            .sort(
                (one, other) =>
                    other.fit - one.fit ||
                    Number(other.word.definition !== undefined) -
                        Number(one.word.definition !== undefined) ||
                    other.word.uses - one.word.uses,
            )
            .map(({ word, name }) => ({
                ...name,
                kind,
                detail: labels(word, language),
                info: inLanguage(word.definition, language),
                uses: word.uses,
            }));
    switch (position) {
        case "property":
            return made("property", known.properties);
        case "class":
            return made("class", known.classes);
        case "graph":
            return made("graph", known.graphs.map(bare));
        case "datatype":
            return made(
                "class",
                DATATYPES.map((name) => bare(XSD + name)),
            );
        case "object": {
            const fitting = known.values.filter((value) => value.of?.includes(property ?? ""));
            const others = known.values.filter((value) => !fitting.includes(value));
            return [
                ...made("value", fitting),
                ...(typed ? made("value", others) : []),
                ...(typed ? made("class", known.classes) : []),
            ];
        }
        case "value":
            return typed
                ? [
                      ...made("value", known.values),
                      ...made("class", known.classes),
                      ...made("property", known.properties),
                  ]
                : [];
        default:
            return [];
    }
}

const bare = (iri: string): Word => ({ iri, uses: 0 });

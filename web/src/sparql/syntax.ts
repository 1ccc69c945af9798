// What a query's text is made of, by the grammar of SPARQL 1.1 that also colours it.
//
// The parser never gives up: where a text is wrong or not finished, its tree has error nodes.

import type { SyntaxNode, Tree } from "@lezer/common";
import { SparqlLanguage } from "codemirror-lang-sparql";

export interface Span {
    from: number;
    to: number;
}

export interface Declaration extends Span {
    prefix: string;
    iri: string;
}

/** A prefixed name in the text; what it stands for if its prefix is declared. */
export interface Name extends Span {
    prefix: string;
    local: string;
    iri: string | undefined;
}

export interface Variable extends Span {
    name: string;
    /** Whether it only asks for a value in the clause of a SELECT, and does not give it one. */
    isAskedFor: boolean;
}

export const parse = (text: string): Tree => SparqlLanguage.parser.parse(text);

/** Where a tree first does not follow the grammar; at or after `start`. */
export function firstError(tree: Tree, start = 0): Span | undefined {
    let found: Span | undefined;
    tree.iterate({
        enter: ({ type, from, to }) => {
            if (!found && type.isError && to >= start && from >= start) {
                found = { from, to };
            }
            return !found;
        },
    });
    return found;
}

function nodesOf(tree: Tree, ...names: string[]): SyntaxNode[] {
    const found: SyntaxNode[] = [];
    tree.iterate({
        enter: (node) => {
            if (names.includes(node.name)) {
                found.push(node.node);
            }
        },
    });
    return found;
}

/** The PREFIX lines of a query, in their order. */
export function declarations(text: string, tree = parse(text)): Declaration[] {
    return nodesOf(tree, "PrefixDecl").flatMap((node) => {
        const name = node.getChild("Pname_ns");
        const iri = node.getChild("IriRef");
        return name && iri
            ? [
                  {
                      from: node.from,
                      to: node.to,
                      prefix: text.slice(name.from, name.to).slice(0, -1),
                      iri: text.slice(iri.from + 1, iri.to - 1),
                  },
              ]
            : [];
    });
}

/** What the prefixes of a query stand for; of one that is declared twice, the last. */
export function declared(text: string, tree = parse(text)): Map<string, string> {
    return new Map(declarations(text, tree).map(({ prefix, iri }) => [prefix, iri]));
}

/** The prefixed names of a query, its PREFIX lines aside. */
export function namesOf(text: string, tree = parse(text)): Name[] {
    const known = declared(text, tree);
    return nodesOf(tree, "Pname_ln", "Pname_ns")
        .filter((node) => node.parent?.name !== "PrefixDecl")
        .map(({ from, to }) => {
            const [prefix, local] = split(text.slice(from, to));
            const namespace = known.get(prefix);
            const iri = namespace === undefined ? undefined : namespace + unescaped(local);
            return { from, to, prefix, local, iri };
        });
}

/** The IRIs that a query writes in full, its prologue aside. */
export function irisOf(text: string, tree = parse(text)): (Span & { iri: string })[] {
    return nodesOf(tree, "IriRef")
        .filter((node) => node.parent?.name === "Iri")
        .map(({ from, to }) => ({ from, to, iri: text.slice(from + 1, to - 1) }));
}

export function variablesOf(text: string, tree = parse(text)): Variable[] {
    return nodesOf(tree, "Var").map((node) => ({
        from: node.from,
        to: node.to,
        name: text.slice(node.from + 1, node.to),
        isAskedFor:
            node.parent?.name === "SelectClause" && node.prevSibling?.name.toUpperCase() !== "AS",
    }));
}

/** Whether a place is in the braces of a GRAPH, or the query says itself which graphs it asks. */
export function asksGraphs(tree: Tree, place: number): boolean {
    for (let node: SyntaxNode | null = tree.resolveInner(place, 1); node; node = node.parent) {
        if (node.name === "GraphGraphPattern") {
            return true;
        }
    }
    return nodesOf(tree, "DatasetClause").length > 0;
}

/** Prefix and local part of a name like `cllm:Model`. */
export function split(name: string): [string, string] {
    const colon = name.indexOf(":");
    return [name.slice(0, colon), name.slice(colon + 1)];
}

const unescaped = (local: string) => local.replace(/\\(.)/g, "$1");

/** Whether a place is inside a comment, a string or an IRI, also one that is not closed yet. */
export function isInText(text: string, place: number): boolean {
    const token =
        /#[^\n]*|"""[\s\S]*?(?:"""|$)|'''[\s\S]*?(?:'''|$)|"(?:\\.|[^"\\\n])*"?|'(?:\\.|[^'\\\n])*'?|<[^<>"{}|\\^`\s]*>/g;
    for (const match of text.matchAll(token)) {
        const end = match.index + match[0].length;
        if (match.index >= place) {
            return false;
        }
        const isClosed = /^(?:"""[\s\S]*"""|'''[\s\S]*'''|"[\s\S]*"|'[\s\S]*'|<[\s\S]*)$/.test(
            match[0],
        );
        if (place < end || (place === end && !(isClosed && match[0].length > 1))) {
            return true;
        }
    }
    return false;
}

// Which relations between things an answer has.

import type { Answer, Term } from "./answers.js";
import { kinds } from "./charting.js";

const RDF_TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type";

/** A statement that one thing is related to another; the relation may have no name. */
export interface Relation {
    source: string;
    target: string;
    relation: string;
}

/** The relations of an answer, if it is one of them: triples, or two or three columns of IRIs. */
export function relations(answer: Answer): Relation[] {
    const { columns, rows, kind } = answer;
    const all = kinds(answer);
    const places =
        kind === "graph"
            ? [0, 1, 2]
            : columns.flatMap((column, place) => (all[column] === "iri" ? [place] : []));
    const [first, second, third] = places;
    if (first === undefined || second === undefined || places.length > 3) {
        return [];
    }
    const isThing = (term: Term | undefined) => term?.type === "uri" || term?.type === "bnode";
    const found = rows
        .map((row) => ({
            source: row[first],
            target: row[third ?? second],
            relation: third === undefined ? undefined : row[second],
        }))
        .filter(({ source, target }) => isThing(source) && isThing(target))
        .map(({ source, target, relation }) => ({
            source: source?.value ?? "",
            target: target?.value ?? "",
            relation: relation?.value ?? "",
        }));
    const others = found.filter(({ relation }) => relation !== RDF_TYPE);
    return others.length ? others : found;
}

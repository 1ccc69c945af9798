// An answer as a graph: triples, or rows that lead from one thing to another.

import { type Edge, show } from "../network.js";
import type { Answer } from "./answers.js";
import { element } from "./elements.js";
import type { Names } from "./names.js";
import { type Relation, relations } from "./relations.js";
import { fill, type Words } from "./words.js";

const MOST_EDGES = 300;
const MOST_NAMED_EDGES = 60;

/** Draw the relations of an answer; of many the first. */
export async function drawGraph(
    answer: Answer,
    names: Names,
    version: string,
    words: Words,
    into: HTMLElement,
): Promise<void> {
    const all = relations(answer);
    const shown = all.slice(0, MOST_EDGES);
    await names.learn(
        shown.flatMap(({ source, target, relation }) => [source, target, relation]).filter(Boolean),
        version,
    );
    const called = distinct(shown, names);
    const edges: Edge[] = shown.map(({ source, target, relation }) => ({
        source: called.get(source) ?? source,
        target: called.get(target) ?? target,
        weight: 1,
        label: relation && names.of(relation),
    }));
    const drawing = element("div", { class: "drawing" });
    const label = fill(words, "graph");
    const note = fill(words, all.length > shown.length ? "firstDrawn" : "graphNote", {
        most: shown.length,
        count: all.length,
    });
    into.replaceChildren(
        element("figure", { class: "chart network", "aria-label": label }, drawing),
        element("p", { class: "note" }, note),
    );
    const iris = new Map([...called].map(([iri, name]) => [name, iri]));
    const graph = show(edges, drawing, (name) => names.addressOf(iris.get(name) ?? ""));
    if (edges.length <= MOST_NAMED_EDGES) {
        const style = getComputedStyle(drawing);
        graph
            .style()
            .selector("edge")
            .style({
                label: "data(label)",
                color: style.getPropertyValue("color"),
                "font-size": 9,
                "text-rotation": "autorotate",
                "text-opacity": 0.85,
                "target-arrow-shape": "triangle",
                "arrow-scale": 0.7,
            })
            .update();
    }
}

/** A name for each thing that no other has: its own, with the end of its IRI where that is shared. */
function distinct(all: Relation[], names: Names): Map<string, string> {
    const called = new Map<string, string>();
    const taken = new Set<string>();
    for (const iri of all.flatMap(({ source, target }) => [source, target])) {
        if (!called.has(iri)) {
            const own = shortened(names.of(iri));
            const name = taken.has(own) ? `${own} (${iri})` : own;
            taken.add(name);
            called.set(iri, name);
        }
    }
    return called;
}

const shortened = (name: string) => (name.length > 60 ? `${name.slice(0, 60)}…` : name);

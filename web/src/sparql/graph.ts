// An answer as a graph: triples, or rows that lead from one thing to another.

import type { Core, EdgeSingular } from "cytoscape";
import { type Edge, show } from "../network.js";
import { colour, THEME_CHANGED } from "../theme.js";
import type { Answer } from "./answers.js";
import { shortened } from "./charting.js";
import { button, element } from "./elements.js";
import type { Names } from "./names.js";
import { type Relation, relations } from "./relations.js";
import { fill, type Words } from "./words.js";

const MOST_EDGES = 300;
const PADDING = 24;
const MOST_NAMED_EDGES = 60;

/** Draw the relations of an answer, of many the first, and again when the theme changes. */
export async function drawGraph(
    answer: Answer,
    names: Names,
    version: string,
    words: Words,
    into: HTMLElement,
): Promise<void> {
    await draw(answer, names, version, words, into);
    document.addEventListener(
        THEME_CHANGED,
        () => {
            if (into.isConnected && into.clientWidth) {
                void drawGraph(answer, names, version, words, into);
            }
        },
        { once: true },
    );
}

async function draw(
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
        label: relation && shortened(names.of(relation)),
    }));
    const drawing = element("div", { class: "drawing" });
    const zoom = element("div", { class: "zoom" });
    const label = fill(words, "graph");
    const note = fill(words, all.length > shown.length ? "firstDrawn" : "graphNote", {
        most: shown.length,
        count: all.length,
    });
    into.replaceChildren(
        element("figure", { class: "chart network", "aria-label": label }, zoom, drawing),
        element("p", { class: "note" }, note),
    );
    const iris = new Map([...called].map(([iri, name]) => [name, iri]));
    const graph = show(edges, drawing, (name) => names.addressOf(iris.get(name) ?? ""));
    const scaled = (factor: number) => () =>
        graph.zoom({
            level: graph.zoom() * factor,
            renderedPosition: { x: graph.width() / 2, y: graph.height() / 2 },
        });
    const press = (sign: string, key: string, act: () => void) =>
        button(sign, act, {
            class: "quiet",
            "aria-label": fill(words, key),
            title: fill(words, key),
        });
    zoom.append(
        press("+", "closer", scaled(1.4)),
        press("−", "farther", scaled(1 / 1.4)),
        press("⤢", "wholeGraph", () => graph.fit(undefined, PADDING)),
    );
    widen(graph);
    const scale = Math.max(1, 1 / graph.zoom());
    graph.nodes().style({ "font-size": 12 * scale, "text-max-width": `${120 * scale}px` });
    graph.edges().style({
        width: 1.4 * scale,
        "target-arrow-shape": "triangle",
        "target-arrow-color": colour("--c8"),
        "arrow-scale": 0.9 * scale,
        ...(edges.length <= MOST_NAMED_EDGES
            ? { label: (edge: EdgeSingular) => edge.data("label") }
            : {}),
        color: colour("--soft"),
        "font-size": 10 * scale,
        "text-rotation": "autorotate",
        "text-background-color": colour("--raised"),
        "text-background-opacity": 0.85,
    });
}

/** Use the width of the frame, since names are wide and layouts are round. */
function widen(graph: Core): void {
    const { w, h } = graph.nodes().boundingBox({ includeLabels: false });
    const factor = (graph.width() * h) / (graph.height() * w);
    graph.nodes().positions((node) => ({
        x: node.position("x") * Math.min(3, Math.max(1, factor)),
        y: node.position("y"),
    }));
    graph.fit(undefined, PADDING);
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

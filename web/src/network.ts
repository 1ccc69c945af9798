// Networks by Cytoscape.js: who is connected with whom, from the rows of a table.

import cytoscape from "cytoscape";
import type { Chart, Row } from "./figures.js";
import { colour } from "./theme.js";

const MARK = "__________cytoscape_stylesheet";
const LEAST = 18;
const MOST = 46;
const TEXT = 12;
const MOST_TEXT = 110;
const NARROW = 640;
/** Of more nodes than this only those with some weight have their names in a narrow drawing. */
const MOST_NAMED = 12;
const LEAST_NAMED = 4;

/** Cytoscape adds a style element unless one has this id; what it says is in our style sheet. */
function withoutStyle(): void {
    if (!document.getElementById(MARK)) {
        const mark = document.createElement("meta");
        mark.id = MARK;
        document.head.append(mark);
    }
}

interface Node {
    id: string;
    weight: number;
}

export interface Edge {
    source: string;
    target: string;
    weight: number;
    label: string;
}

/** Draw rows; a node leads to where its name leads in the table, else to a search for it. */
export function drawNetwork(
    chart: Chart,
    rows: Row[],
    links: Map<string, string>,
    into: HTMLElement,
): void {
    const { source = "", target = "", weight, label } = chart;
    const edges = rows
        .filter((row) => row[source] && row[target])
        .map((row) => ({
            source: row[source] ?? "",
            target: row[target] ?? "",
            weight: weight ? Number(row[weight]) || 1 : 1,
            label: label ? (row[label] ?? "") : "",
        }));
    show(edges, into, (name) => links.get(name) ?? `/search?${new URLSearchParams({ q: name })}`);
}

/** Where a node begins: on a ring, so that the same rows are always laid out in the same way. */
function around(place: number, number: number, into: HTMLElement): cytoscape.Position {
    const angle = (2 * Math.PI * place) / number;
    const [width, height] = [into.clientWidth / 2, into.clientHeight / 2];
    return { x: width * (1 + 0.8 * Math.cos(angle)), y: height * (1 + 0.8 * Math.sin(angle)) };
}

/** Keep texts at the size that they are meant to have, however far it is zoomed out. */
function readable(graph: cytoscape.Core): void {
    const zoom = graph.zoom();
    if (zoom < 1) {
        graph
            .nodes()
            .style({ "font-size": TEXT / zoom, "text-max-width": `${MOST_TEXT / zoom}px` });
    }
}

/** Draw edges; what `addressOf` gives for a node is where a click on it leads. */
export function show(
    edges: Edge[],
    into: HTMLElement,
    addressOf: (id: string) => string | undefined,
): cytoscape.Core {
    withoutStyle();
    const nodes = new Map<string, Node>();
    for (const edge of edges) {
        for (const id of [edge.source, edge.target]) {
            const node = nodes.get(id) ?? { id, weight: 0 };
            node.weight += edge.weight;
            nodes.set(id, node);
        }
    }
    const heaviest = Math.max(1, ...[...nodes.values()].map((node) => node.weight));
    const widest = Math.max(1, ...edges.map((edge) => edge.weight));
    const isNarrow = into.clientWidth < NARROW && nodes.size > MOST_NAMED;
    const ink = colour("--ink");
    const paper = colour("--raised");
    into.replaceChildren();
    const graph = cytoscape({
        container: into,
        elements: [
            ...[...nodes.values()].map((data, place) => ({
                data: { ...data },
                position: around(place, nodes.size, into),
            })),
            ...edges.map((data, place) => ({ data: { ...data, id: `edge-${place}` } })),
        ],
        style: [
            {
                selector: "node",
                style: {
                    label: (node: cytoscape.NodeSingular) =>
                        isNarrow && node.data("weight") < LEAST_NAMED ? "" : node.data("id"),
                    color: ink,
                    "font-size": TEXT,
                    "font-family": getComputedStyle(document.body).fontFamily,
                    "text-wrap": "wrap",
                    "text-max-width": `${MOST_TEXT}px`,
                    "text-valign": "bottom",
                    "text-margin-y": 4,
                    "text-background-color": paper,
                    "text-background-opacity": 0.8,
                    "text-background-padding": "1px",
                    "background-color": colour("--c2"),
                    width: `mapData(weight, 0, ${heaviest}, ${LEAST}, ${MOST})`,
                    height: `mapData(weight, 0, ${heaviest}, ${LEAST}, ${MOST})`,
                },
            },
            {
                selector: "edge",
                style: {
                    "line-color": colour("--c8"),
                    "line-opacity": 0.55,
                    "curve-style": "bezier",
                    width: `mapData(weight, 0, ${widest}, 1, 9)`,
                },
            },
            {
                selector: ".far",
                style: { opacity: 0.15 },
            },
            {
                selector: "node.near",
                style: { "background-color": colour("--c1") },
            },
        ],
        layout: {
            name: "cose",
            animate: false,
            randomize: false,
            nodeDimensionsIncludeLabels: true,
            idealEdgeLength: () => 60,
            nodeRepulsion: () => 9000,
            componentSpacing: 60,
            nodeOverlap: 20,
            gravity: 0.4,
            numIter: 2500,
            padding: 16,
        },
        minZoom: 0.3,
        maxZoom: 3,
        userZoomingEnabled: false,
    });
    readable(graph);
    graph.on("mouseover", "node", ({ target }) => {
        const near = target.closedNeighborhood();
        graph.elements().difference(near).addClass("far");
        target.addClass("near");
    });
    graph.on("mouseout", "node", () => graph.elements().removeClass("far near"));
    graph.on("tap", "node", ({ target }) => {
        const address = addressOf(target.id());
        if (address) {
            location.assign(address);
        }
    });
    into.ariaHidden = "true"; // the table beside it says the same
    return graph;
}

// A map of the world whose countries are those that a table names.

import * as Plot from "@observablehq/plot";
import { feature } from "topojson-client";
import world from "world-atlas/countries-110m.json";
import { short } from "./charts.js";
import type { Chart, Row } from "./figures.js";

interface Country {
    properties: { name: string };
}

/** Draw how much there is of each country; what the map does not have is said below it. */
export function drawMap(chart: Chart, rows: Row[], into: HTMLElement): void {
    const { country = "", value = "" } = chart;
    const width = Math.max(280, into.clientWidth);
    const countries = feature(
        world as never,
        (world as never as { objects: { countries: never } }).objects.countries,
    ) as never as { features: Country[] };
    const amounts = new Map<string, number>();
    const elsewhere: string[] = [];
    for (const row of rows) {
        const name = row[country] ?? "";
        const known = countries.features.find(
            ({ properties }) =>
                properties.name === name || properties.name === `${name} of America`,
        );
        if (known) {
            const before = amounts.get(known.properties.name) ?? 0;
            amounts.set(known.properties.name, before + (value ? Number(row[value]) || 0 : 1));
        } else if (name && !elsewhere.includes(name)) {
            elsewhere.push(name);
        }
    }
    const most = Math.max(1, ...amounts.values());
    const amount = ({ properties }: Country) => amounts.get(properties.name);
    const drawing = Plot.plot({
        width,
        height: width * 0.48,
        projection: "equal-earth",
        figure: false,
        style: { background: "transparent", fontSize: "12px" },
        marks: [
            Plot.geo(countries.features, { fill: "var(--line)" }),
            Plot.geo(
                countries.features.filter((one) => amount(one)),
                {
                    fill: "var(--c1)",
                    fillOpacity: (one: Country) =>
                        0.35 + (0.65 * Math.log1p(amount(one) ?? 0)) / Math.log1p(most),
                    stroke: "var(--raised)",
                    tip: true,
                    title: (one: Country) => `${one.properties.name}: ${short(amount(one) ?? 0)}`,
                },
            ),
        ],
    }) as HTMLElement;
    for (const style of drawing.querySelectorAll("style")) {
        style.remove();
    }
    drawing.ariaHidden = "true";
    into.replaceChildren(drawing);
    if (elsewhere.length) {
        const note = document.createElement("p");
        note.className = "note";
        note.textContent = elsewhere.join(", ");
        into.append(note);
    }
}

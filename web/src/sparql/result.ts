// An answer with its views: table, chart, graph, and the text itself.

import { type Answer, readFirstRows, readRows, readTriples } from "./answers.js";
import type { Asked, Reply } from "./asking.js";
import { ChartView } from "./chart.js";
import { element } from "./elements.js";
import type { Names } from "./names.js";
import { downloads, type Format, Raw } from "./raw.js";
import { relations } from "./relations.js";
import { Table } from "./table.js";
import { type Tab, tabs } from "./tabs.js";
import { fill, type Words } from "./words.js";

export interface Setting {
    names: Names;
    words: Words;
    formats: Record<"graph" | "rows", Format[]>;
}

/** Read what came, be it all or a part. */
export function read(reply: Pick<Reply, "cut" | "mediaType" | "text">): Answer {
    const { text, cut } = reply;
    if (reply.mediaType === "application/n-triples") {
        return readTriples(text, !cut);
    }
    if (cut === "brokenOff" || cut === "tooMuch") {
        return readFirstRows(text);
    }
    const answer = readRows(text);
    return cut ? { ...answer, isComplete: false } : answer;
}

let lastView = "";

/** What the page shows of an answer. */
export function result(
    answer: Answer,
    asked: Asked,
    reply: Pick<Reply, "cut" | "version">,
    { names, words, formats }: Setting,
): HTMLElement[] {
    const { version } = reply;
    const ofKind = formats[answer.kind === "graph" ? "graph" : "rows"];
    const same = { ...asked, version };
    const warning = answer.isComplete
        ? []
        : [
              element(
                  "p",
                  { class: "cut", role: "alert" },
                  element("strong", {}, fill(words, "cut")),
                  ` ${fill(words, `cut-${reply.cut ?? "limit"}`)}`,
              ),
          ];
    const isGraph = relations(answer).length > 0;
    const all: Tab[] = [
        {
            name: "table",
            label: fill(words, "table"),
            show: (panel) =>
                panel.append(
                    answer.kind === "truth"
                        ? truth(answer, words)
                        : new Table(answer, names, version, words).element,
                ),
        },
        ...(answer.kind === "rows" && answer.rows.length > 0
            ? [
                  {
                      name: "chart",
                      label: fill(words, "chart"),
                      show: (panel: HTMLElement) =>
                          panel.append(new ChartView(answer, names, version, words).element),
                  },
              ]
            : []),
        ...(isGraph
            ? [
                  {
                      name: "graph",
                      label: fill(words, "graph"),
                      show: (panel: HTMLElement) =>
                          void import("./graph.js").then(({ drawGraph }) =>
                              drawGraph(answer, names, version, words, panel),
                          ),
                  },
              ]
            : []),
        {
            name: "raw",
            label: fill(words, "raw"),
            show: (panel) => panel.append(new Raw(same, ofKind, words).element),
        },
    ];
    const first = lastView || (answer.kind === "graph" && isGraph ? "graph" : "table");
    return [
        ...warning,
        tabs(fill(words, "views"), all, first, (name) => {
            lastView = name;
        }),
        downloads(same, ofKind, words),
    ];
}

function truth(answer: Answer, words: Words): HTMLElement {
    const value = answer.rows[0]?.[0]?.value ?? "";
    return element("p", { class: "truth" }, `${fill(words, value)} (${value})`);
}

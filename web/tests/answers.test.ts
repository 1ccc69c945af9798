// Reading answers: what they hold, of what is cut what is whole, and which chart suits them.

import assert from "node:assert/strict";
import { test } from "node:test";
import {
    type Answer,
    compare,
    readFirstRows,
    readRows,
    readTriples,
    spelt,
    type Term,
} from "../src/sparql/answers.js";
import { chartFor, rowsFor } from "../src/sparql/charting.js";
import { visible } from "../src/sparql/elements.js";
import { hasAll } from "../src/sparql/gallery.js";
import { Names } from "../src/sparql/names.js";
import { relations } from "../src/sparql/relations.js";

const XSD = "http://www.w3.org/2001/XMLSchema#";
const typed = (value: string, name: string): Term => ({
    type: "literal",
    value,
    datatype: XSD + name,
});
const text = (value: string): Term => ({ type: "literal", value });
const iri = (value: string): Term => ({ type: "uri", value });

function answer(columns: string, ...rows: (Term | undefined)[][]): Answer {
    return { kind: "rows", columns: columns.split(" "), rows, isComplete: true };
}

test("rows are read with their types, languages and gaps", () => {
    const read = readRows(
        JSON.stringify({
            head: { vars: ["a", "b", "c"] },
            results: {
                bindings: [
                    {
                        a: { type: "uri", value: "u:a" },
                        c: { type: "literal", value: "x", "xml:lang": "en" },
                    },
                    {
                        a: { type: "bnode", value: "n" },
                        b: { type: "literal", value: "1", datatype: `${XSD}integer` },
                        c: {
                            type: "triple",
                            value: {
                                subject: { type: "uri", value: "u:s" },
                                predicate: { type: "uri", value: "u:p" },
                                object: { type: "literal", value: "o" },
                            },
                        },
                    },
                ],
            },
        }),
    );
    assert.deepEqual(read, {
        ...answer(
            "a b c",
            [iri("u:a"), undefined, { type: "literal", value: "x", language: "en" }],
            [
                { type: "bnode", value: "_:n" },
                typed("1", "integer"),
                { type: "other", value: "<< u:s u:p o >>" },
            ],
        ),
    });
});

test("a truth is an answer, and a part says that it is one", () => {
    const truth = readRows('{"head":{},"boolean":false}');
    assert.equal(truth.kind, "truth");
    assert.equal(truth.rows[0]?.[0]?.value, "false");
    const part = '{"head":{"vars":["a"]},"results":{"bindings":[]},"x-complete":false}';
    assert.equal(readRows(part).isComplete, false);
    assert.throws(() => readRows('{"head":'), SyntaxError);
});

test("of a text that breaks off the whole rows are read, wherever that is", () => {
    const whole = JSON.stringify({
        head: { vars: ["a"] },
        results: {
            bindings: ['}],"{', "\\", '"'].map((value) => ({ a: { type: "literal", value } })),
        },
    });
    const counts = [...whole].map((_, end) => {
        const read = readFirstRows(whole.slice(0, end));
        assert.equal(read.isComplete, false);
        return read.rows.length;
    });
    assert.deepEqual([...new Set(counts)], [0, 1, 2, 3]);
    assert.deepEqual(counts, [...counts].sort());
});

test("triples are read with what is escaped in them", () => {
    const read = readTriples(
        [
            "<u:s> <u:p> <u:o> .",
            '<u:s> <u:p> "a\\"b\\n\\u00e9\\U0001F600 . "@zh-Hans .',
            `_:b0 <u:p> "1"^^<${XSD}integer> .`,
            "<u:s> <u:p> _:b0 .",
            "",
            "<u:s> <u:p> <u:broken",
        ].join("\n"),
    );
    assert.deepEqual(
        read.rows.map((row) => row[2]),
        [
            iri("u:o"),
            { type: "literal", value: 'a"b\né😀 . ', language: "zh-Hans" },
            typed("1", "integer"),
            { type: "bnode", value: "_:b0" },
        ],
    );
    assert.deepEqual(read.rows[2]?.[0], { type: "bnode", value: "_:b0" });
});

test("numbers are spelt for people, and nothing else is", () => {
    for (const [term, expected] of [
        [typed("12345678", "integer"), "12,345,678"],
        [typed("6.5E20", "double"), "6.5E20"],
        [typed("650000000000000000000", "integer"), "6.5E20"],
        [typed("0.123456", "decimal"), "0.1235"],
        [typed("2021", "integer"), "2021"],
        [text("20211231"), "20211231"],
        [typed("2021-12-31", "date"), "2021-12-31"],
    ] as [Term, string][]) {
        assert.equal(spelt(term), expected);
    }
});

test("values follow each other by size, and none comes last", () => {
    const sorted = [undefined, typed("10", "integer"), typed("9", "integer")].sort(compare);
    assert.deepEqual(sorted, [typed("9", "integer"), typed("10", "integer"), undefined]);
    assert.ok(compare(text("b2"), text("b10")) < 0);
});

test("a chart is chosen by what the columns hold", () => {
    const [one, many] = [typed("1", "integer"), typed("1000", "integer")];
    const [early, late] = [typed("2020-01-01", "date"), typed("2021-01-01", "date")];
    const cases: [Answer, ReturnType<typeof chartFor>][] = [
        [
            answer("name day size", [text("a"), early, one], [text("b"), late, many]),
            { mark: "dot", x: "day", y: "size", label: "name", scale: "log" },
        ],
        [
            answer("name size", [text("a"), one], [text("b"), typed("2", "integer")]),
            { mark: "bar", x: "size", y: "name" },
        ],
        [
            answer("name computeMin computeMax", [text("a"), one, one], [text("b"), one, many]),
            {
                mark: "intervals",
                from: "computeMin",
                to: "computeMax",
                label: "name",
                scale: "log",
            },
        ],
        [answer("a b", [iri("u:a"), iri("u:b")], [iri("u:c"), iri("u:d")]), undefined],
        [answer("n", [one], [many]), undefined],
        [answer("name size"), undefined],
    ];
    for (const [found, expected] of cases) {
        assert.deepEqual(chartFor(found), expected, found.columns.join(" "));
    }
});

test("charts get names in the place of IRIs, and nothing that is not seen", () => {
    const rows = rowsFor(answer("a b", [iri("u:a"), text("\u202eb")]), (one) => `name of ${one}`);
    assert.deepEqual(rows, [{ a: "name of u:a", b: "\ufffdb" }]);
    assert.equal(visible("a\0b\nc"), "a\ufffdb\nc");
});

test("relations are triples between things, or rows of them", () => {
    const edge = { source: "u:s", target: "u:o", relation: "u:p" };
    const triple = [iri("u:s"), iri("u:p"), iri("u:o")];
    const graph: Answer = {
        ...answer("subject predicate object", triple, [iri("u:s"), iri("u:p"), text("t")]),
        kind: "graph",
    };
    assert.deepEqual(relations(graph), [edge]);
    assert.deepEqual(relations(answer("a b c", triple)), [edge]);
    assert.deepEqual(relations(answer("a n b", [triple[0], text("t"), triple[2]])), [
        { ...edge, relation: "" },
    ]);
    assert.deepEqual(relations(answer("a", [iri("u:s")])), []);
});

test("a link leads to our own pages, to the web, or nowhere", () => {
    const names = new Names("https://example.org/");
    assert.equal(names.addressOf("https://example.org/id/a"), "/id/a");
    assert.equal(names.addressOf("https://example.org//evil.example"), "/evil.example");
    assert.equal(names.addressOf("https://example.org/\\evil.example"), "/evil.example");
    assert.equal(names.addressOf("https://other.example/x"), "https://other.example/x");
    assert.equal(names.addressOf("javascript:alert(1)"), undefined);
    assert.equal(new Names("").addressOf("urn:x"), undefined);
});

test("a question is found by all of the words", () => {
    assert.ok(hasAll("Which models were trained?", "MODELS train"));
    assert.ok(!hasAll("Which models were trained?", "models datasets"));
});

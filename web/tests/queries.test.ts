// Reading queries: where one is at, what is wrong, which line declares a prefix.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { check } from "../src/sparql/checks.js";
import { placeAt, suggestions } from "../src/sparql/completion.js";
import { nearest } from "../src/sparql/likeness.js";
import { declaration } from "../src/sparql/prefixes.js";
import { isInText } from "../src/sparql/syntax.js";
import { written } from "../src/sparql/vocabulary.js";
import { barred, ONTOLOGY, VOCABULARY } from "./vocabulary.js";

const EX = `PREFIX ex: <${ONTOLOGY}>\n`;
const QUERIES = new URL("../../../../queries/", import.meta.url);

function offered(marked: string): string[] {
    const [text, at] = barred(marked);
    return suggestions(text, placeAt(text, at), VOCABULARY, "en").map((one) => one.text);
}

test("a place is what a name would be there", () => {
    const places: [string, string][] = [
        ["SELECT * { ?x a |", "class"],
        ["SELECT * { ?x a ex:Mo|", "class"],
        ["SELECT * { |", "subject"],
        ["SELECT * { ?x |", "property"],
        ["SELECT * { ?x ex:a/^ex:b|", "property"],
        ["SELECT * { ?x ex:a ?y ; |", "property"],
        ["SELECT * { ?x ex:a ?y, |", "object"],
        ["SELECT * { [] ex:a [ |", "property"],
        ["SELECT * { GRAPH |", "graph"],
        ["SELECT * FROM |", "graph"],
        ["SELECT * { ?x ex:a '1'^^|", "datatype"],
        ["SELECT * { FILTER (?x = |", "value"],
        ["SELECT * { VALUES ?x { |", "value"],
        ["CONSTRUCT { ?x |", "property"],
        ["PREFIX |", "prefix"],
        ["SELECT |", "none"],
        ["# SELECT * { |", "none"],
        ["SELECT * { ?x ex:a 'it is |", "none"],
        ["SELECT * { ?x ex:a '' ; |", "property"],
        ["SELECT * { ?x a | } ORDER BY ?x", "class"],
    ];
    for (const [marked, position] of places) {
        assert.equal(placeAt(...barred(marked)).position, position, marked);
    }
});

test("an object knows its property", () => {
    assert.equal(placeAt(...barred(`${EX}ASK { ?x ex:stance |`)).property, `${ONTOLOGY}stance`);
    assert.equal(placeAt(...barred(`${EX}ASK { ?x ex:a/ex:b |`)).property, undefined);
});

test("text is what is in comments, strings and IRIs", () => {
    for (const [marked, expected] of [
        ["# a|", true],
        ["# a\n|", false],
        ["'a|'", true],
        ["'a'|", false],
        ["'|", true],
        ["'''a\n|b'''", true],
        ["<http://a|>", true],
        ["<http://a>|", false],
        ["?a < ?b |", false],
    ] as [string, boolean][]) {
        assert.equal(isInText(...barred(marked)), expected, marked);
    }
});

test("what is offered fits the place, what is used most first", () => {
    assert.deepEqual(offered("SELECT * { ?x a |").slice(0, 3), [
        "ex:Passage",
        "ex:Model",
        "owl:Class".replace("owl:Class", "<http://www.w3.org/2002/07/owl#Class>"),
    ]);
    assert.equal(offered("SELECT * { ?x |")[0], "ex:stance");
    assert.deepEqual(offered("SELECT * { ?x ex:par|"), ["ex:parameterCount"]);
    assert.deepEqual(offered("SELECT * { ?x paramet|"), ["ex:parameterCount"]);
    assert.deepEqual(offered("SELECT * { ?x 参数|"), ["ex:parameterCount"]);
    assert.deepEqual(offered("SELECT * { ?x a 模|"), ["ex:Model"]);
    assert.deepEqual(offered(`${EX}SELECT * { ?x ex:stance |`)[0], "ex:stated");
    assert.deepEqual(offered("SELECT ?name { ?x ex:a ?n|"), ["?name"]);
    assert.deepEqual(offered("PREFIX rd|"), ["rdfs: <http://www.w3.org/2000/01/rdf-schema#>"]);
    assert.deepEqual(offered("SELECT * { ?x ex:a ?y } ORD|"), ["ORDER BY"]);
    assert.deepEqual(
        offered("SELECT * { ?x ex:a ?y . FILTER (STRL|"),
        ["STRLEN(", "STRLANG("].sort().reverse(),
    );
    assert.ok(!offered("SELECT * { ?x |").includes("OPTIONAL"));
    assert.ok(offered("SELECT * { |").includes("OPTIONAL"));
    assert.deepEqual(offered("SELECT * { ?x ex:a 'par|"), []);
});

test("a name says which prefix it needs", () => {
    const [text, at] = barred("SELECT * { ?x par|");
    const [first] = suggestions(text, placeAt(text, at), VOCABULARY, "zh-Hans");
    assert.deepEqual(first?.needs, { prefix: "ex", iri: ONTOLOGY });
    assert.equal(first?.detail, "参数量 · number of parameters");
});

test("an IRI is written by the prefix that the query declares", () => {
    const { prefixes } = VOCABULARY;
    const iri = `${ONTOLOGY}Model`;
    assert.deepEqual(written(iri, new Map([["o", ONTOLOGY]]), {}), { text: "o:Model" });
    assert.equal(
        written(iri, new Map([["ex", "https://other.example/"]]), prefixes).text,
        `<${iri}>`,
    );
    assert.equal(written(`${ONTOLOGY}a/b`, new Map(), prefixes).text, `<${ONTOLOGY}a/b>`);
});

test("a PREFIX line goes among the others", () => {
    const added = (text: string) => {
        const { from, to, insert } = declaration(text, "m", "u:m");
        return text.slice(0, from) + insert + text.slice(to);
    };
    assert.equal(added("ASK {}"), "PREFIX m: <u:m>\n\nASK {}");
    assert.equal(added("# why\nASK {}"), "# why\nPREFIX m: <u:m>\n\nASK {}");
    assert.equal(added("PREFIX a: <u:a>\nASK {}"), "PREFIX a: <u:a>\nPREFIX m: <u:m>\nASK {}");
    assert.equal(
        added("PREFIX a: <u:a>\nPREFIX z: <u:z>\nASK {}"),
        "PREFIX a: <u:a>\nPREFIX m: <u:m>\nPREFIX z: <u:z>\nASK {}",
    );
    assert.equal(
        added("# PREFIX a: <u:a>\nASK {}"),
        "# PREFIX a: <u:a>\nPREFIX m: <u:m>\n\nASK {}",
    );
});

function found(text: string): string[] {
    return check(text, VOCABULARY, {}).map(
        ({ from, to, message }) => `${message} ${JSON.stringify(text.slice(from, to))}`,
    );
}

test("what does not follow the grammar is marked where it is wrong", () => {
    assert.deepEqual(found("SELECT * { ?s ?p ?o"), ['missing "o"']);
    assert.deepEqual(found("SELECT * { ?s ?p }"), ['missingBefore "}"']);
    assert.deepEqual(found("SELEC * { ?s ?p ?o }"), ['unexpected "SELEC"']);
    assert.deepEqual(found("SELECT * { ?s ?p ?o } LIMIT x"), ['instead "x"']);
    assert.deepEqual(found("SELECT * { ?s ?p ?o } }"), ['unexpected "}"']);
    assert.deepEqual(found("SELECT * { ?s ?p ?o ?a ?b ?c }"), ['missingBefore "?a"']);
    assert.deepEqual(found(""), []);
});

test("mistakes are mended", () => {
    const mended = (text: string) => {
        const [problem] = check(text, VOCABULARY, {});
        const [fix] = problem?.fixes ?? [];
        return fix && text.slice(0, fix.from) + fix.insert + text.slice(fix.to);
    };
    assert.equal(mended("SELEC * { ?s ?p ?o }"), "SELECT * { ?s ?p ?o }");
    assert.equal(mended("ASK { ?s a ex:Model }"), `${EX}\nASK { ?s a ex:Model }`);
    assert.equal(mended(`${EX}ASK { ?s a ex:Modell }`), `${EX}ASK { ?s a ex:Model }`);
    assert.equal(mended("SELECT ?nmae { ?s ?p ?name }"), "SELECT ?name { ?s ?p ?name }");
});

test("words that the ontology does not have, and where words are used, are told", () => {
    assert.deepEqual(found(`${EX}ASK { ?s a <${ONTOLOGY}Unheard> }`), [
        `unknownWord ${JSON.stringify(`<${ONTOLOGY}Unheard>`)}`,
    ]);
    assert.deepEqual(found(`${EX}ASK { ?s ex:rank ?r }`), ['onlyInGraphs "ex:rank"']);
    assert.deepEqual(found(`${EX}ASK { GRAPH ?g { ?s ex:rank ?r } }`), []);
    assert.deepEqual(found("ASK { ?s <https://elsewhere.example/p> ?r }"), []);
    assert.deepEqual(found("ASK { ?s nope:p ?r }"), ['unknownPrefix "nope:p"']);
});

test("nothing is wrong with the canned questions", () => {
    const files = readdirSync(QUERIES, { recursive: true, encoding: "utf8" });
    const queries = files.filter((name) => name.endsWith(".rq"));
    assert.ok(queries.length > 100);
    for (const name of queries) {
        const text = readFileSync(new URL(name, QUERIES), "utf8");
        assert.deepEqual(check(text, { ...VOCABULARY, complete: [] }, {}), [], name);
    }
});

test("the word that is meant is one that is like it", () => {
    assert.equal(nearest("parmeterCount", ["parameterCount", "rank"]), "parameterCount");
    assert.equal(nearest("abc", ["xyz"]), undefined);
});

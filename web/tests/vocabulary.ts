// A small vocabulary for the tests.
import type { Vocabulary } from "../src/sparql/vocabulary.js";

export const ONTOLOGY = "https://example.org/ontology#";

export const VOCABULARY: Vocabulary = {
    version: "1",
    prefixes: {
        ex: ONTOLOGY,
        model: "https://example.org/id/model/",
        rdfs: "http://www.w3.org/2000/01/rdf-schema#",
        xsd: "http://www.w3.org/2001/XMLSchema#",
    },
    complete: [ONTOLOGY],
    classes: [
        {
            iri: `${ONTOLOGY}Model`,
            uses: 40,
            label: { en: "model", "zh-Hans": "模型" },
            definition: { en: "A model." },
        },
        { iri: `${ONTOLOGY}Passage`, uses: 198, label: { en: "passage" }, definition: { en: "" } },
        { iri: "http://www.w3.org/2002/07/owl#Class", uses: 500 },
    ],
    properties: [
        {
            iri: `${ONTOLOGY}parameterCount`,
            uses: 27,
            label: { en: "number of parameters", "zh-Hans": "参数量" },
            definition: { en: "How many parameters." },
        },
        { iri: `${ONTOLOGY}stance`, uses: 60, label: { en: "stance" }, definition: { en: "" } },
        { iri: `${ONTOLOGY}rank`, uses: 0, onlyInGraphs: true },
        { iri: "http://www.w3.org/2000/01/rdf-schema#label", uses: 900 },
    ],
    values: [
        { iri: `${ONTOLOGY}stated`, uses: 9, of: [`${ONTOLOGY}stance`], label: { en: "stated" } },
        { iri: `${ONTOLOGY}dense`, uses: 99, of: [`${ONTOLOGY}architecture`] },
    ],
    graphs: ["https://example.org/graph/claims"],
};

/** The text with its bar taken out, and where that was. */
export function barred(text: string): [string, number] {
    return [text.replace("|", ""), text.indexOf("|")];
}
